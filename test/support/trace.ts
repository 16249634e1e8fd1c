import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { KNOWN_COMMANDS } from "#readonly/audit/tables/commands.ts";
import type { ScratchFolder } from "./scratch-folder.ts";

/** Calls by which files are changed, and the one that starts programs. */
const CALLS =
  `execve,execveat,open,openat,openat2,creat,unlink,unlinkat,rename,renameat,renameat2,mkdir,mkdirat,rmdir,link,linkat,symlink,symlinkat,
  truncate,ftruncate,chmod,fchmod,fchmodat,chown,fchown,lchown,fchownat,utimensat,mknod,mknodat,setxattr,fsetxattr,removexattr,sethostname,settimeofday,
  clock_settime,mount,umount2`.replaceAll(/\s+/g, "");

/** Programs that known ones start as part of their own work. */
const HELPERS: ReadonlySet<string> = new Set([
  "sh",
  "gzip",
  "cc1",
  "collect2",
  "as",
  "dpkg-query",
  "pager",
  "uname",
  "gettext",
  "getopt",
  "preconv",
  "tbl",
  "nroff",
  "groff",
  "troff",
  "grotty",
  "ld-linux-x86-64.so.2",
  "git-submodule",
  "lesspipe",
  "locale-check",
  "http",
  "https",
  "store",
]);
const SYSTEM_FOLDERS = /^\/(?:usr\/)?(?:local\/)?(?:s?bin|lib\w*|libexec)\//;

/** Result of a traced command. */
export interface Trace {
  /** Calls that changed files or were meant to, and programs that no table knows. */
  findings: string[];
  exitCode: number | null;
}

/** Returns whether strace works here. */
export function canTrace(): boolean {
  if (Bun.which("strace") === null) return false;
  return Bun.spawnSync(["strace", "-f", "-qq", "-o", "/dev/null", "true"], { stderr: "ignore" }).success;
}

/** Runs a command under strace, and returns what it wrote. */
export async function traceCommand(command: string, folder: ScratchFolder, index: number): Promise<Trace> {
  const record = join(folder.temporary, `trace-${index}`);
  const tracer = ["strace", "-f", "-qq", "-s", "300", "--seccomp-bpf", "-e", `trace=${CALLS}`, "-o", record];
  const run = Bun.spawn([...tracer, "bash", "-c", command], {
    cwd: folder.path,
    env: folder.environment,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
    timeout: 20_000,
  });
  const exitCode = await run.exited;
  const findings = readFileSync(record, "utf8")
    .split("\n")
    .filter((line) => isFinding(line, folder));
  return { findings: [...new Set(findings.map((line) => line.replace(/^\d+\s+/, "")))], exitCode };
}

function isFinding(line: string, folder: ScratchFolder): boolean {
  const [, call, rest = ""] = /^\d+\s+(\w+)\((.*)$/.exec(line) ?? [];
  if (call === undefined) return false;
  if (call.startsWith("exec")) return isForeign(rest, line);
  const isReading = call.startsWith("open") && !/O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND|O_TMPFILE/.test(rest);
  return !isReading && !isHarmless(rest, folder);
}

/** Returns whether a program that was started is neither in the tables nor a helper of one that is. */
function isForeign(rest: string, line: string): boolean {
  const path = /^"([^"]*)"/.exec(rest)?.[1] ?? "";
  if (line.endsWith("(No such file or directory)")) return false;
  const name = basename(path);
  return !(
    SYSTEM_FOLDERS.test(path) &&
    (KNOWN_COMMANDS.includes(name) || HELPERS.has(name) || /\/(?:git-core|gcc)\//.test(path))
  );
}

/** Caches, logs and sockets of programs, outside of what a run is about, which they make also when they only read. */
const OWN_FILES =
  /^\/var\/cache\/man\/|\/\.npm(?:\/_(?:logs|update-notifier)[^\s]*)?$|^\/tmp\/tmux-\d+$|^\/proc\/self\/task\/\d+\/comm$/;

/** Returns whether a call is about a device that keeps nothing, the temporary folder, or the index that git refreshes. */
function isHarmless(rest: string, { path, temporary }: ScratchFolder): boolean {
  const names = [...rest.matchAll(/"([^"]*)"/g)].map(([, name]) => name ?? "");
  const isHarmlessName = (name: string) =>
    /^\/dev\/(?:null|tty|stdin|stdout|stderr|full|zero|fd\/\d+|ptmx|pts\/\d+)$|^\/proc\/self\/fd\/\d+$/.test(name) ||
    OWN_FILES.test(name) ||
    `${name}/`.startsWith(`${temporary}/`) ||
    // git takes this lock to refresh its index, and does without where it cannot.
    name.replace(`${path}/`, "").replace(/^(?:\.\.\/)?/, "") === ".git/index.lock" ||
    name.replace(`${path}/`, "") === ".git/index";
  return names.length > 0 && names.every(isHarmlessName);
}
