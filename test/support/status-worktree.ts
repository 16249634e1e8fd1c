import { cpSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { type ByteName, toByteName, toBytes, toText } from "#git/byte-names.ts";
import { byteNames } from "./property.ts";
import { gitAnswer } from "./random-repository.ts";

/** States of a file, with the letters that `git status --short` shows for them; none if it shows nothing. */
export const STATES = {
  clean: undefined,
  modified: " M",
  staged: "M ",
  "staged and modified": "MM",
  added: "A ",
  "added and modified": "AM",
  deleted: " D",
  removed: "D ",
  "of another type": " T",
  renamed: "R ",
  conflicting: "UU",
  intended: " A",
  "a submodule": " M",
  untracked: "??",
  "a repository": "??",
  ignored: undefined,
} as const;
type State = keyof typeof STATES;

/** File in one of these states. */
export interface StatusFile {
  name: ByteName;
  state: State;
}

const isRepository = (state: State) => state === "a submodule" || state === "a repository";
const states = fc.constantFrom(...(Object.keys(STATES) as State[]));
const names = byteNames.filter((name) => !name.includes("/") && !/^(?:\.{1,2}|\.git|ignored)$/i.test(name));

/** Files in random states, with names of any bytes; programs can be given names of repositories only if they are UTF-8. */
export const statusFiles: fc.Arbitrary<StatusFile[]> = fc.uniqueArray(
  fc
    .record({ name: names, state: states })
    .map(({ name, state }) => ({ state, name: isRepository(state) ? toByteName(`repository ${toText(name)}`) : name })),
  { selector: ({ name }) => name, maxLength: 25 },
);

/** Returns the name that a renamed file had before. */
export function originOf(name: ByteName): ByteName {
  return `old ${name}`;
}

/**
 * Makes a worktree with files in these states.
 * @param submodule repository with two commits
 */
export function makeStatusWorktree(path: string, files: readonly StatusFile[], submodule: string): void {
  const git = (...args: string[]) => gitAnswer(path, args);
  const filesIn = (state: State) => files.filter((file) => file.state === state).map(({ name }) => name);
  const writer = new FileWriter(path, submodule);
  git("init", "--quiet");
  writeFileSync(join(path, ".git", "info", "exclude"), "/ignored/\n");
  for (const file of files) writer.commit(file);
  git("add", "--all");
  git("commit", "--quiet", "--allow-empty", "-m", "Start");
  for (const file of files) writer.stage(file);
  git("add", "--all");
  const blob = git("hash-object", "-w", "--", ".git/info/exclude");
  const stages = (name: ByteName) => [1, 2, 3].map((stage) => `100644 ${blob} ${stage}\t${name}\0`).join("");
  const conflicts = filesIn("conflicting").map((name) => `0 ${"0".repeat(40)}\t${name}\0${stages(name)}`);
  gitAnswer(path, ["update-index", "-z", "--index-info"], toBytes(conflicts.join("")));
  const intended = filesIn("intended");
  for (const name of intended) writer.write(name, "new");
  const list = ["--pathspec-from-file=-", "--pathspec-file-nul"];
  const add = ["--literal-pathspecs", "add", "--intent-to-add", ...list];
  if (intended.length > 0) gitAnswer(path, add, toBytes(intended.map((name) => `${name}\0`).join("")));
  for (const file of files) writer.change(file);
  for (const name of filesIn("a submodule")) {
    gitAnswer(join(path, toBytes(name).toString()), ["update-ref", "HEAD", "HEAD~1"]);
  }
  for (const name of filesIn("a repository")) git("init", "--quiet", "--", toBytes(name).toString());
}

/** Writer of the files of a worktree, in the three phases between which git is run. */
class FileWriter {
  readonly #path: string;
  readonly #submodule: string;

  constructor(path: string, submodule: string) {
    this.#path = path;
    this.#submodule = submodule;
  }

  commit({ name, state }: StatusFile): void {
    if (/^(?:added|intended|untracked|ignored|a repository)/.test(state)) return;
    if (state === "a submodule") {
      cpSync(this.#submodule, join(this.#path, toBytes(name).toString()), { recursive: true });
    } else this.write(state === "renamed" ? originOf(name) : name, "committed");
  }

  stage({ name, state }: StatusFile): void {
    if (/^(?:staged|added)/.test(state)) this.write(name, "staged");
    if (state === "removed") rmSync(this.#at(name));
    if (state === "renamed") renameSync(this.#at(originOf(name)), this.#at(name));
  }

  change({ name, state }: StatusFile): void {
    if (/modified$|^untracked$/.test(state)) this.write(name, "changed");
    if (/^(?:deleted|of another type)$/.test(state)) rmSync(this.#at(name));
    if (state === "of another type") symlinkSync("nowhere", this.#at(name));
    if (state !== "ignored") return;
    mkdirSync(join(this.#path, "ignored"), { recursive: true });
    this.write(`ignored/${name}`, "changed");
  }

  /** Writes content that no other file and no other phase has, so that git sees no renames but ours. */
  write(name: ByteName, phase: string): void {
    const lines = Array.from({ length: 9 }, (_, line) => Bun.hash(`${name} ${phase} ${line}`).toString(36));
    writeFileSync(this.#at(name), lines.join("\n"));
  }

  #at(name: ByteName): Buffer {
    return toBytes(`${toByteName(this.#path)}/${name}`);
  }
}
