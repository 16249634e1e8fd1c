import { lstatSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { MergeStrategy } from "#git/merge/merge-request.ts";
import { askGit, gitAnswer, type Said } from "./random-repository.ts";

/** What came of a merge, by git itself or by us. */
export type Outcome =
  | { kind: "clean"; tree: string; commits: string[] | undefined; status?: string }
  | { kind: "conflict"; files: string[]; at: string | undefined; lines: Record<string, number[]> }
  | { kind: "not a fast-forward" }
  | { kind: "refused"; why: string };

const SWITCHES = ["--no-edit", "--allow-unrelated-histories"];

/** Merges with git itself, in a copy of the repository that is for nothing else. */
export function mergeWithGit(copy: string, strategy: MergeStrategy, target: string, source: string): Outcome {
  // A git that has crashed in the merge before leaves its lock (2.39 does with some renames).
  rmSync(join(copy, ".git", "index.lock"), { force: true });
  if (strategy === "rebase") {
    gitAnswer(copy, ["checkout", "--quiet", "--force", "--detach", source]);
    return outcomeOf(copy, askGit(copy, ["rebase", "--quiet", target]), () => commitsSince(copy, target));
  }
  gitAnswer(copy, ["checkout", "--quiet", "--force", "--detach", target]);
  if (strategy === "ff-only") {
    const { exitCode } = askGit(copy, ["merge", "--quiet", "--ff-only", source]);
    if (exitCode !== 0) return { kind: "not a fast-forward" };
    return { kind: "clean", tree: gitAnswer(copy, ["rev-parse", "HEAD^{tree}"]), commits: undefined };
  }
  const how = strategy === "squash" ? ["--squash"] : ["--no-ff", "--message=Merge"];
  return outcomeOf(copy, askGit(copy, ["merge", ...how, ...SWITCHES, source]), () => undefined);
}

/** Merges, with git itself, as if an earlier squash had been a merge. */
export function mergeAfterMerge(
  copy: string,
  merged: { tip: string; commit: string },
  strategy: MergeStrategy,
  target: string,
  source: string,
): Outcome {
  const parents = gitAnswer(copy, ["rev-parse", "--revs-only", `${merged.commit}^@`])
    .split("\n")
    .filter(Boolean);
  gitAnswer(copy, ["replace", "--graft", "-f", merged.commit, ...parents, merged.tip]);
  try {
    return mergeWithGit(copy, strategy, target, source);
  } finally {
    gitAnswer(copy, ["replace", "-d", merged.commit]);
  }
}

/** Merges, with git itself, only what was done since a commit that the target has under another name. */
export function mergeSinceWithGit(copy: string, since: string, target: string, source: string): Outcome {
  const commit = (of: string, ...parents: string[]) =>
    gitAnswer(copy, ["commit-tree", "-m", "-", ...parents.flatMap((parent) => ["-p", parent]), `${of}^{tree}`]);
  const root = commit(since);
  return mergeWithGit(copy, "squash", commit(target, root), commit(source, root));
}

function outcomeOf(copy: string, said: Said, commits: () => string[] | undefined): Outcome {
  const unmerged = gitAnswer(copy, ["ls-files", "--unmerged", "-z"]).split("\0").filter(Boolean);
  const files = [...new Set(unmerged.map((line) => line.slice(line.indexOf("\t") + 1)))].toSorted();
  if (files.length > 0) {
    const stopped = askGit(copy, ["rev-parse", "--quiet", "--verify", "REBASE_HEAD"]).stdout.trim();
    return { kind: "conflict", files, at: stopped === "" ? undefined : stopped, lines: findMarks(copy, files) };
  }
  if (said.exitCode !== 0) return { kind: "refused", why: said.stderr || said.stdout };
  const status = gitAnswer(copy, ["status", "--porcelain"]);
  return { kind: "clean", tree: gitAnswer(copy, ["write-tree"]), commits: commits(), status };
}

/** Finds the lines at which git's marks begin in the files of the working tree. */
function findMarks(copy: string, files: readonly string[]): Record<string, number[]> {
  const lines: Record<string, number[]> = {};
  for (const file of files) {
    const path = Buffer.concat([Buffer.from(`${copy}/`), Buffer.from(file, "latin1")]);
    if (!isFile(path)) continue;
    lines[file] = findOpenings(readFileSync(path, "latin1")).slice(0, 5);
  }
  return lines;
}

function isFile(path: Buffer): boolean {
  try {
    return lstatSync(path).isFile();
  } catch {
    return false; // also where a file stands in the place of its folder
  }
}

/** Finds the lines at which conflicts begin; one may hold others, whose marks are longer or shorter. */
function findOpenings(text: string): number[] {
  const found: number[] = [];
  let open: number | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    const [, mark = ""] = /^(<{7,}|>{7,}) /.exec(line) ?? [];
    if (open === undefined && mark.startsWith("<")) {
      found.push(index + 1);
      open = mark.length;
    } else if (mark.startsWith(">") && mark.length === open) open = undefined;
  }
  return found;
}

/** Returns the commits of a line of history, oldest first, as they are stored. */
export function commitsSince(folder: string, target: string, tip = "HEAD"): string[] {
  const names = gitAnswer(folder, ["rev-list", "--reverse", "--topo-order", `${target}..${tip}`]).split("\n");
  return readCommits(folder, names.filter(Boolean));
}

/** Returns commits as they are stored, one character a byte. */
export function readCommits(folder: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const all = gitAnswer(folder, ["cat-file", "--batch"], Buffer.from(`${names.join("\n")}\n`));
  const commits: string[] = [];
  for (let at = 0; commits.length < names.length;) {
    const end = all.indexOf("\n", at);
    const size = Number(all.slice(at, end).split(" ")[2]);
    commits.push(all.slice(end + 1, end + 1 + size));
    at = end + size + 2;
  }
  return commits;
}

/** Returns what a copied commit keeps: all but tree, parents and who made the copy. */
export function lastingPart(commit: string): string {
  const [head = ""] = commit.split("\n\n", 1);
  const kept = head.split("\n").filter((line) => !/^(?:tree|parent|committer) /.test(line));
  return `${kept.join("\n")}\n\n${commit.slice(head.length + 2)}`;
}

/** Returns the time of a commit's author, which is its own in the random histories. */
export function timeOf(commit: string): string {
  return /^author .* (\d+) [+-]\d+$/m.exec(commit)?.[1] ?? "";
}

/** Returns how often each word of the random histories is in a tree's files. */
export function countWords(folder: string, tree: string): Map<string, number> {
  const all = askGit(folder, ["grep", "--text", "-h", "-o", "-E", "w[0-9]+x[0-9]+", tree]).stdout;
  const counts = new Map<string, number>();
  for (const word of all.split("\n").filter(Boolean)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

/** Returns git's own name of a path in messages and lists without what it adds for a side of a conflict. */
export function withoutSide(path: string): string {
  return path.replace(/~[^~]*$/, "");
}
