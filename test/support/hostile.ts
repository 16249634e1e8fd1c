import { existsSync, readFileSync } from "node:fs";

/** What somebody may have done to a folder, as a script that runs in it. */
export interface Hostility {
  name: string;
  script: string;
}

/** Ways to make something of a path that is no ordinary file. */
const KINDS: Record<string, (path: string) => string> = {
  "a pipe": (path) => `mkfifo '${path}'`,
  "a link to /dev/zero": (path) => `ln -sfn /dev/zero '${path}'`,
  "a link to a pipe": (path) => `mkfifo '${path}.pipe'; ln -sfn "$PWD/${path}.pipe" '${path}'`,
  "a link to itself": (path) => `ln -sfn '${path.split("/").at(-1)}' '${path}'`,
  "a link out": (path) => `ln -sfn /etc/passwd '${path}'`,
  "a terabyte of nothing": (path) => `truncate -s 1T '${path}'`,
  "a folder": (path) => `mkdir '${path}'`,
  "random bytes": (path) => `head -c 200000 /dev/urandom > '${path}'`,
  "brackets without end": (path) => `perl -e 'print "a = ", "[" x 300000' > '${path}'`,
  "a file without permissions": (path) => `echo x > '${path}'; chmod 000 '${path}'`,
  ...(process.getuid?.() === 0 && { "a device without end": (path) => `mknod '${path}' c 1 5` }),
};

/** Places that this server, git or Codex read by themselves. */
const PLACES = [
  ".git",
  ...["HEAD", "config", "index", "packed-refs", "commondir", "MERGE_HEAD", "info/exclude"].map(
    (name) => `.git/${name}`,
  ),
  ...["info/attributes", "objects/info/alternates", "hooks", "refs/heads/main"].map((name) => `.git/${name}`),
  ".gitattributes",
  ".gitignore",
  ".gitmodules",
  ".worktreeinclude",
  ".codex",
  ".codex/config.toml",
  "AGENTS.md",
  "src/.gitattributes",
  "src/.gitignore",
  "README.md",
  "secret.env",
];

const OTHERS: Hostility[] = [
  { name: "a tree of 4,000 levels", script: 'perl -e \'for (1..4000) { mkdir("deepdeep"); chdir("deepdeep"); }\'' },
  {
    name: "names of any bytes",
    script: String.raw`perl -e 'for ("\xff\xfe", "a\nb", "\e]52;c;eA==\a", " -x", "q\"q") { open(F, ">", $_); print F $_; mkdir "d$_"; }'`,
  },
  { name: "20,000 files", script: 'mkdir many; perl -e \'for (1..20000) { open(F, ">", "many/$_"); }\'' },
  {
    name: "a terabyte that is ignored and to be copied",
    script: "truncate -s 1T big.env; rm -rf .worktreeinclude; echo '*.env' > .worktreeinclude",
  },
  {
    name: "a filter of its own",
    script:
      "git config filter.evil.clean 'touch ran-filter; cat'; rm -rf .gitattributes; echo '* filter=evil' > .gitattributes",
  },
  { name: "folders without permissions", script: "mkdir -p locked/inner; chmod 000 locked/inner locked" },
];

/** All that the generator knows. */
export const HOSTILITIES: readonly Hostility[] = [
  ...PLACES.flatMap((place) =>
    Object.entries(KINDS).map(([kind, make]) => ({
      name: `${place} is ${kind}`,
      script: `rm -rf '${place}'; mkdir -p "$(dirname '${place}')"; ${make(place)}`,
    })),
  ),
  ...OTHERS,
];

/** A random number generator that gives the same for the same seed. */
export function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Does all of it to a folder; what one did may hold up the next. */
export async function inflict(folder: string, hostilities: readonly Hostility[]): Promise<void> {
  for (const { script } of hostilities) {
    await Bun.spawn(["timeout", "-s", "KILL", "5", "/bin/sh", "-c", script], {
      cwd: folder,
      stdio: ["ignore", "ignore", "ignore"],
    }).exited;
  }
}

/** The most memory that a process has held, in MiB; 0 where it is gone. */
export function peakMiB(pid: number): number {
  const status = `/proc/${pid}/status`;
  if (!existsSync(status)) return 0;
  try {
    return Math.round(Number(/VmHWM:\s+(\d+)/.exec(readFileSync(status, "utf8"))?.[1] ?? 0) / 1024);
  } catch {
    return 0;
  }
}

/** Runs a script in a folder. */
export function runShell(folder: string, script: string): void {
  Bun.spawnSync(["/bin/sh", "-c", script], { cwd: folder, env: process.env, stdio: ["ignore", "inherit", "inherit"] });
}
