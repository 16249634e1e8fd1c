import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { $ } from "bun";

/** Numbers that look random and are the same for the same seed. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** A whole number from 0 up to, not including, `below`. */
  below(below: number): number {
    // mulberry32
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let value = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) % below;
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }
}

const NAMES = [
  "plain.txt",
  "with space",
  'quo"ted',
  "it's",
  "new\nline",
  "tab\there",
  "ümläut-名前",
  "-dash",
  "back\\slash",
  "star*[x]",
  "debug.log",
  "build",
  "src",
  "lib",
  "a",
  "b",
  "deep/er/path",
  "src/main.c",
  "src/inner/x.log",
  "lib/build/out.o",
  "$(touch x)",
  ":(top)magic",
  "#hash",
  "!bang",
  "trailing ",
  ".env",
  ".hidden/file",
  "UPPER",
  "a/b/c/d",
  "\xff\xfe-not-utf8",
];

/** Does something to a worktree, as an agent or its user might. */
export async function disturb(worktree: string, dice: Dice): Promise<void> {
  const name = dice.of(NAMES);
  const bytes = Buffer.from(name, /[\xff\xfe]/.test(name) ? "latin1" : "utf8");
  const path = Buffer.concat([Buffer.from(`${worktree}/`), bytes]);
  const git = (...args: string[]) => $`git ${args}`.cwd(worktree).quiet().nothrow();
  const content = `${"line\n".repeat(dice.below(4))}${dice.below(1e6)}${dice.of(["", "\n", "\r\n", "\0"])}`;
  const makeRoom = () => {
    const folder = path.subarray(0, path.lastIndexOf(0x2f));
    if (existsSync(folder) && !lstatSync(folder).isDirectory()) rmSync(folder);
    try {
      mkdirSync(folder, { recursive: true });
    } catch {
      return false; // a file further up
    }
    return true;
  };
  const isFree = () => makeRoom() && lstatSync(path, { throwIfNoEntry: false }) === undefined;
  const isFile = () => lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
  const write = () => {
    if (!makeRoom()) return;
    if (lstatSync(path, { throwIfNoEntry: false })?.isFile() === false) rmSync(path, { recursive: true });
    writeFileSync(path, content);
  };
  const deeds: (() => unknown)[] = [
    write,
    write,
    write,
    () => rmSync(path, { recursive: true, force: true }),
    () => isFile() && chmodSync(path, dice.of([0o755, 0o644, 0o600, 0o700])),
    () => isFree() && symlinkSync(dice.of(["a", "../out", "nowhere", "src"]), path),
    () => isFree() && mkdirSync(path),
    () => {
      const to = `${worktree}/moved-${dice.below(5)}`;
      if (existsSync(path) && !existsSync(to)) renameSync(path, to);
    },
    () => git("add", "--all"),
    () => git("add", "--", "src", "lib", "a"),
    () => git("add", "--intent-to-add", "--all"),
    () => git("add", "--force", "--", "debug.log"),
    () => git("commit", "--quiet", "--message", "Work", "--all"),
    () => git("commit", "--quiet", "--amend", "--message", "Better work", "--allow-empty"),
    () => git("rm", "--quiet", "--cached", "-r", "--", dice.of(["src", "README.md", "a"])),
    () => git("rm", "--quiet", "-r", "--force", "--", dice.of(["src", "lib", "b"])),
    () => git("mv", "README.md", "READ ME.md"),
    () => git("update-index", dice.of(["--assume-unchanged", "--skip-worktree"]), "README.md"),
    () => writeFileSync(`${worktree}/README.md`, content),
    () => git("update-index", "--split-index"),
    () => git("reset", "--quiet", "HEAD~1"),
    () => git("stash", "--quiet"),
  ];
  try {
    await dice.of(deeds)();
  } catch {
    // A file stands where a folder would have to be.
  }
}

/** Begins a merge that cannot be finished by itself. */
export async function beginConflict(worktree: string): Promise<void> {
  const git = (...args: string[]) => $`git ${args}`.cwd(worktree).quiet().nothrow();
  await git("switch", "--quiet", "--create", "side");
  writeFileSync(`${worktree}/both.txt`, "theirs\n");
  await git("add", "both.txt");
  await git("commit", "--quiet", "--message", "Theirs");
  await git("switch", "--quiet", "-");
  writeFileSync(`${worktree}/both.txt`, "ours\n");
  await git("add", "both.txt");
  await git("commit", "--quiet", "--message", "Ours");
  await git("merge", "side");
}

/** All that there is to say of a worktree and its repository's refs, to be compared with another look at it. */
export async function portray(worktree: string): Promise<object> {
  const git = async (...args: string[]) =>
    (await $`git ${args}`.cwd(worktree).quiet().nothrow()).stdout.toString("latin1");
  const files: Record<string, string> = {};
  const look = (folder: Buffer, relative: string) => {
    const entries = readdirSync(folder, { encoding: "buffer" });
    if (entries.length === 0) files[`${relative}/`] = "empty";
    for (const entry of entries) {
      const name = entry.toString("latin1");
      if (name === ".git") continue;
      const path = Buffer.concat([folder, Buffer.from("/"), entry]);
      const stat = lstatSync(path);
      if (stat.isDirectory()) look(path, `${relative}/${name}`);
      else if (stat.isSymbolicLink()) files[`${relative}/${name}`] = `-> ${readlinkSync(path)}`;
      else files[`${relative}/${name}`] = `${(stat.mode & 0o7777).toString(8)} ${Bun.hash(readFileSync(path))}`;
    }
  };
  look(Buffer.from(worktree), "");
  return {
    files: Object.fromEntries(Object.entries(files).toSorted(([a], [b]) => (a < b ? -1 : 1))),
    index: (await git("ls-files", "--stage", "-v", "-z")).split("\0"),
    status: (await git("status", "--porcelain=v2", "--branch", "-z", "--ignored", "--untracked-files=all")).split("\0"),
    refs: (await git("for-each-ref")).split("\n").filter((line) => !line.includes("refs/codexmcp/")),
    reflog: await git("reflog", "--format=%H %gs"),
  };
}
