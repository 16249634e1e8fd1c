import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { $ } from "bun";
import { AppError } from "#lib/errors.ts";

/** What a git command gave back. */
export interface GitResult {
  exitCode: number;
  /** Standard output as it came: paths may hold anything. */
  stdout: string;
  stderr: string;
}

// The user's hooks and monitors are for the user's own commands: ours must not run them.
const OURS = ["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"];

const NO_HOUSEKEEPING = ["-c", "gc.auto=0", "-c", "maintenance.auto=false"];

/** Variables that tie git to another repository or change the language of its messages. */
const NOT_FOR_OURS = /^(?:GIT_(?!CONFIG_|SSH|EXEC_PATH|TRACE).*|LC_.*|LANG|LANGUAGE)$/;

/**
 * Runs git in a folder, whatever its exit status.
 * @throws AppError `git_missing`
 */
export async function tryGit(folder: string, args: readonly string[], more: GitEnvironment = {}): Promise<GitResult> {
  const environment = gitEnvironment(more);
  if (!hasGit(environment)) {
    throw new AppError(
      "git_missing",
      "git is not in this server's PATH.",
      "Install it (apt install git, brew install git, winget install Git.Git).",
    );
  }
  const { exitCode, stdout, stderr } = await $`git ${OURS} ${args}`.cwd(folder).env(environment).quiet().nothrow();
  return { exitCode, stdout: stdout.toString(), stderr: stderr.toString().trim() };
}

/**
 * The same in a session of its own: what must be done whole goes on, whatever becomes of this process and its terminal.
 * What it says goes to a file of its own, since nobody may be there to hear it.
 */
export async function tryLastingGit(folder: string, args: readonly string[]): Promise<Omit<GitResult, "stdout">> {
  const said = join(tmpdir(), `codexmcp-git-${process.pid}-${crypto.randomUUID()}`);
  try {
    const child = Bun.spawn(["git", ...OURS, ...NO_HOUSEKEEPING, ...args], {
      cwd: folder,
      env: gitEnvironment({}),
      stdio: ["ignore", "ignore", Bun.file(said)],
      detached: true,
    });
    const exitCode = await child.exited;
    return { exitCode, stderr: (await Bun.file(said).text()).trim() };
  } finally {
    rmSync(said, { force: true });
  }
}

/** The same as the user would run it, with the repository's hooks; what it and they say comes together. */
export async function tryUsersGit(
  folder: string,
  args: readonly string[],
  environment: GitEnvironment,
  atMostMs: number,
): Promise<{ exitCode: number | null; said: string }> {
  const child = Bun.spawn(["git", ...NO_HOUSEKEEPING, ...args], {
    cwd: folder,
    env: gitEnvironment(environment),
    stdio: ["ignore", "pipe", "pipe"],
    timeout: atMostMs,
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  const exitCode = await child.exited;
  return { exitCode: child.signalCode === null ? exitCode : null, said: `${stdout}${stderr}`.trim() };
}

/** Whether there is a git to run. */
export function hasGit(environment: Record<string, string | undefined> = process.env): boolean {
  return Bun.which("git", { PATH: environment["PATH"] ?? "" }) !== null;
}

/** Git's answer of one line or path; a path may end with line ends of its own. */
export function withoutLastNewline(text: string): string {
  return text.replace(/\n$/, "");
}

/** Variables for one git command. */
export type GitEnvironment = Record<string, string>;

/**
 * Runs a git command that is expected to work.
 * @returns its standard output
 * @throws AppError `git_failed` with git's message, `repository_untrusted`, `git_missing`
 */
export async function git(folder: string, args: readonly string[], more: GitEnvironment = {}): Promise<string> {
  const result = await tryGit(folder, args, more);
  if (result.exitCode === 0) return result.stdout;
  throw gitFailure(folder, args, result.stderr);
}

/**
 * The same for an answer that may be very long, of which at most the first `maxBytes` are read, up to a line's end.
 * @throws AppError `git_failed` with git's message
 */
export async function gitUpTo(
  maxBytes: number,
  folder: string,
  args: readonly string[],
  more: GitEnvironment = {},
): Promise<string> {
  const child = Bun.spawn(["git", ...OURS, ...args], {
    cwd: folder,
    env: gitEnvironment(more),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const stderr = child.stderr.text();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of child.stdout) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > maxBytes) break;
  }
  if (bytes > maxBytes) {
    child.kill();
    const text = Buffer.concat(chunks).subarray(0, maxBytes);
    return text.subarray(0, text.lastIndexOf(0x0a) + 1).toString();
  }
  if ((await child.exited) !== 0) throw gitFailure(folder, args, await stderr);
  return Buffer.concat(chunks).toString();
}

/**
 * The same with something to read on its standard input, and an answer in bytes: names of files may hold any.
 * @throws AppError `git_failed` with git's message
 */
export async function gitBytes(
  folder: string,
  args: readonly string[],
  input: Uint8Array = NOTHING,
  more: GitEnvironment = {},
): Promise<Buffer> {
  const child = Bun.spawn(["git", ...OURS, ...args], {
    cwd: folder,
    env: gitEnvironment(more),
    stdio: [input, "pipe", "pipe"],
  });
  const [stdout, stderr] = await Promise.all([child.stdout.bytes(), child.stderr.text()]);
  if ((await child.exited) !== 0) throw gitFailure(folder, args, stderr);
  return Buffer.from(stdout);
}

const NOTHING = new Uint8Array();

/** A git command that is written to while it runs. */
export interface GitProcess {
  stdin: Bun.FileSink;
  /** Closes its input and waits for its end. @throws AppError `git_failed` */
  finish: () => Promise<void>;
  kill: () => void;
  exited: Promise<number>;
}

/** Starts such a command. */
export function gitProcess(folder: string, args: readonly string[]): GitProcess {
  const child = Bun.spawn(["git", ...OURS, ...args], {
    cwd: folder,
    env: gitEnvironment({}),
    stdio: ["pipe", "ignore", "pipe"],
  });
  const stderr = child.stderr.text();
  const finish = async () => {
    await child.stdin.end();
    if ((await child.exited) !== 0) throw gitFailure(folder, args, await stderr);
  };
  return { stdin: child.stdin, finish, kill: () => child.kill(), exited: child.exited };
}

/** A failed git command in words. */
export function gitFailure(folder: string, args: readonly string[], stderr: string): AppError {
  if (stderr.includes("dubious ownership")) {
    return new AppError(
      "repository_untrusted",
      `git refuses the repository at ${folder} because somebody else owns it.`,
      `If you trust it: git config --global --add safe.directory '${folder}'`,
    );
  }
  const said = stderr.split("\n").find((line) => /^(?:fatal|error):/.test(line)) ?? stderr;
  return new AppError(
    "git_failed",
    `git ${args[0]} failed in ${folder}: ${said.replace(/^(?:fatal|error): /, "") || "it said nothing"}`,
    "Run the same git command there by hand to see what is wrong with the repository.",
  );
}

function gitEnvironment(more: GitEnvironment): Record<string, string> {
  const kept: Record<string, string> = { GIT_OPTIONAL_LOCKS: "0", GIT_TERMINAL_PROMPT: "0", LC_ALL: "C" };
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && !NOT_FOR_OURS.test(name)) kept[name] = value;
  }
  return { ...kept, ...more };
}
