import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HistoryMaker, pickFeatures, type RandomHistory, toFastImport } from "./random-history.ts";
import { submoduleFeature } from "./random-edits.ts";
import { Dice } from "./random-worktree.ts";

/** A repository with a random history, its user's branch checked out. */
export interface RandomRepository {
  path: string;
  /** Where a merge is asked for: the working tree, or the repository's git folder. */
  folder: string;
  target: string;
  source: string;
  /** Where the two part. */
  base: string;
  merged: { tip: string; commit: string } | undefined;
  features: readonly string[];
}

/** What a git command said. */
export interface Said {
  exitCode: number;
  /** One character a byte. */
  stdout: string;
  stderr: string;
}

/** Runs git, one character a byte, whatever its exit status. */
export function askGit(folder: string, args: readonly string[], input?: Buffer): Said {
  const run = Bun.spawnSync(["git", ...args], {
    cwd: folder,
    env: { ...process.env, GIT_EDITOR: "true", GIT_OPTIONAL_LOCKS: "0", LC_ALL: "C" },
    stdin: input ?? "ignore",
  });
  return { exitCode: run.exitCode, stdout: run.stdout.toString("latin1"), stderr: run.stderr.toString() };
}

/** Runs git. @returns its answer without the last line end @throws where it fails */
export function gitAnswer(folder: string, args: readonly string[], input?: Buffer): string {
  const { exitCode, stdout, stderr } = askGit(folder, args, input);
  if (exitCode !== 0) throw new Error(`git ${args.join(" ")} in ${folder}: ${stderr}`);
  return stdout.replace(/\n$/, "");
}

/** What git keeps both sides' lines of, sorted; it says where and how long its marks are, and cannot merge clashes. */
const SORTING_DRIVER = `#!/bin/sh
LC_ALL=C sort -u -- "$2" "$3" > "$2.sorted" && cat "$2.sorted" > "$2" && rm "$2.sorted"
echo "# $5 $4" >> "$2"
! grep -q CLASH "$2"
`;

const SETTINGS = [
  ["merge.renames", "false"],
  ["diff.renames", "false"],
  ["diff.renames", "copies"],
  ["merge.renameLimit", "1"],
  ["merge.directoryRenames", "true"],
  ["merge.directoryRenames", "false"],
  ["merge.directoryRenames", "conflict"],
  ["merge.conflictStyle", "diff3"],
  ["merge.conflictStyle", "zdiff3"],
  ["merge.renormalize", "true"],
  ["merge.default", "union"],
  ["diff.algorithm", "patience"],
  ["core.ignoreCase", "true"],
] as const;

/** Makes random repositories in a folder. */
export class RepositoryMaker {
  readonly #folder: string;
  readonly #driver: string;
  readonly #module: string;
  readonly #moduleCommits: string[];

  constructor(folder: string) {
    this.#folder = folder;
    this.#driver = join(folder, "sorting-driver.sh");
    writeFileSync(this.#driver, SORTING_DRIVER, { mode: 0o755 });
    this.#module = join(folder, "module");
    this.#moduleCommits = makeModule(this.#module);
  }

  /** Makes the repository of a seed; the same seed makes the same one. @param kind whether work was merged before */
  make(seed: number, kind: "two sides" | "merged before"): RandomRepository {
    const dice = new Dice(seed);
    const features = pickFeatures(dice, submoduleFeature(this.#moduleCommits, this.#module));
    const maker = new HistoryMaker(dice, features);
    const history = kind === "two sides" ? maker.twoSides() : maker.mergedBefore();
    const path = join(this.#folder, "repository");
    for (const old of [path, `${path}-agent`]) rmSync(old, { recursive: true, force: true });
    gitAnswer(this.#folder, ["init", "--quiet", "--template=", "--initial-branch=main", path]);
    const names = importHistory(path, history);
    const has = (feature: string) => history.features.has(feature);
    const settings = this.#settings(dice, has);
    if (has("attributes outside")) writeOutsideAttributes(path, dice);
    gitAnswer(path, ["reset", "--quiet", "--hard", "main"]);
    if (has("submodule")) askGit(path, ["submodule", "--quiet", "update", "--init"]);
    const isElsewhere = dice.below(5) === 0;
    // Under attributes that change, git may see a file as changed that it has just written.
    if (isElsewhere) gitAnswer(path, ["checkout", "--quiet", "--force", "-b", "other", names.root]);
    const hasWorktree = dice.below(4) === 0;
    if (hasWorktree) gitAnswer(path, ["worktree", "add", "--quiet", `${path}-agent`, "agent"]);
    const base = gitAnswer(path, ["merge-base", "main", "agent"]);
    const folder = dice.below(2) === 0 ? path : join(path, ".git");
    const where = folder === path ? "in the working tree" : "in the git folder";
    const { root: _, ...commits } = names;
    return {
      path,
      folder,
      ...commits,
      base,
      features: [...history.features, ...settings, where, isElsewhere ? "another branch checked out" : "checked out"],
    };
  }

  /** Configures the repository. @returns its settings in words */
  #settings(dice: Dice, has: (feature: string) => boolean): string[] {
    const path = join(this.#folder, "repository");
    const chosen: string[][] = [];
    if (has("renormalize") && dice.below(4) > 0) chosen.push(["merge.renormalize", "true"]);
    if ((has("rename") || has("directory rename")) && dice.below(2) === 0) {
      chosen.push([...dice.of(SETTINGS.filter(([name]) => /rename/i.test(name)))]);
    }
    if (dice.below(4) === 0) chosen.push([...dice.of(SETTINGS)]);
    const driver = has("driver") ? [["merge.sorted.driver", `sh '${this.#driver}' %O %A %B %L %P`]] : [];
    const text = [...chosen, ...driver].map(([name = "", value = ""]) => {
      const [section, key] = [name.slice(0, name.lastIndexOf(".")), name.slice(name.lastIndexOf(".") + 1)];
      const [first = "", second] = section.split(/\.(.*)/);
      return `[${first}${second === undefined ? "" : ` "${second}"`}]\n\t${key} = "${value}"\n`;
    });
    writeFileSync(join(path, ".git", "config"), text.join(""), { flag: "a" });
    return chosen.map(([name, value]) => `${name}=${value}`);
  }
}

function writeOutsideAttributes(path: string, dice: Dice): void {
  const rule = "LOG merge=union\n";
  if (dice.below(2) === 0) {
    mkdirSync(join(path, ".git", "info"), { recursive: true });
    writeFileSync(join(path, ".git", "info", "attributes"), rule);
    return;
  }
  writeFileSync(join(path, ".git", "own-attributes"), rule);
  gitAnswer(path, ["config", "core.attributesFile", join(path, ".git", "own-attributes")]);
}

function importHistory(
  path: string,
  history: RandomHistory,
): Pick<RandomRepository, "target" | "source" | "merged"> & { root: string } {
  const marks = join(path, ".git", "marks");
  const args = ["-c", "fastimport.unpackLimit=0", "fast-import", "--quiet", "--force", `--export-marks=${marks}`];
  gitAnswer(path, args, toFastImport(history));
  const lines = readFileSync(marks, "utf8").trim().split("\n");
  rmSync(marks);
  const names = new Map(lines.map((line) => [Number(line.slice(1).split(" ")[0]) - 1, line.split(" ")[1] ?? ""]));
  const nameOf = (commit: number) => names.get(commit) ?? "";
  const { target, source, merged } = history;
  return {
    root: nameOf(0),
    target: nameOf(target),
    source: nameOf(source),
    merged: merged && { tip: nameOf(merged.tip), commit: nameOf(merged.commit) },
  };
}

function makeModule(path: string): string[] {
  const commit = (number: number, from?: number) =>
    `commit refs/heads/${number === 4 ? "side" : "main"}\nmark :${number}\ncommitter C <c@x> ${number} +0000\ndata 1\nx\n` +
    `${from === undefined ? "" : `from :${from}\n`}M 100644 inline f${number}\ndata 1\nx\n\n`;
  mkdirSync(path);
  gitAnswer(path, ["init", "--quiet", "--template=", "--initial-branch=main"]);
  const history = [commit(1), commit(2, 1), commit(3, 2), commit(4, 2)].join("");
  gitAnswer(path, ["fast-import", "--quiet"], Buffer.from(history));
  gitAnswer(path, ["reset", "--quiet", "--hard"]);
  return ["main~2", "main~1", "main", "side"].map((name) => gitAnswer(path, ["rev-parse", name]));
}

/** Copies a repository with its settings, its working tree and its submodules. */
export function copyRepository(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true, verbatimSymlinks: true });
}

/** Returns all that a computation must leave as it is. */
export function describeRepository(path: string): object {
  const files: string[] = [];
  const look = (folder: string) => {
    for (const name of readdirSync(join(path, folder)).toSorted()) {
      const entry = `${folder}/${name}`;
      if (/^\.git\/(?:.*\/)?objects$/.test(entry)) continue;
      const stat = lstatSync(join(path, entry));
      files.push(`${entry} ${stat.mode.toString(8)} ${stat.mtimeMs} ${stat.isFile() ? stat.size : ""}`);
      if (stat.isDirectory()) look(entry);
    }
  };
  look(".git");
  for (const name of readdirSync(path)) if (name !== ".git" && lstatSync(join(path, name)).isDirectory()) look(name);
  const index = join(path, ".git", "index");
  return {
    files,
    top: readdirSync(path).toSorted(),
    index: existsSync(index) && Bun.hash(readFileSync(index)).toString(),
    refs: gitAnswer(path, ["for-each-ref"]),
    head: gitAnswer(path, ["rev-parse", "HEAD"]),
    status: gitAnswer(path, ["status", "--porcelain", "--ignored"]),
    worktrees: gitAnswer(path, ["worktree", "list", "--porcelain"]),
  };
}
