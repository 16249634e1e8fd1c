import { join } from "node:path";
import { AppError } from "#base/errors.ts";
import { isWithin, pathExists, realPath } from "#base/paths.ts";
import { listSome, quoteForShell } from "#base/text.ts";
import { type ByteName, splitNul, toBytes, toText } from "#git/byte-names.ts";
import { gitBytes, tryGit } from "#git/git.ts";
import { toConfigVariables } from "#git/local-programs.ts";
import type { GitEnvironment, GitLimits } from "#git/run-git.ts";
import type { WorktreeStatus } from "./status.ts";

/** Filters that run files of the worktree, which its tasks may have written. */
export interface OwnFilters {
  /** Program of each filter, by its name. */
  programs: ReadonlyMap<string, string>;
  /** Variables with which git runs none of them. */
  environment: GitEnvironment;
}

const FILTERS = String.raw`^filter\..*\.(clean|smudge|process|required)$`;
const FILTER_KEY = /^filter\.(.*)\.(clean|smudge|process|required)$/s;

/** Finds the filters that would run a file of a worktree. @throws AppError as `git` does */
export async function findOwnFilters(worktree: string, limits: GitLimits): Promise<OwnFilters> {
  const args = ["config", "--show-origin", "--null", "--get-regexp", FILTERS];
  const { stdout } = await tryGit(worktree, args, {}, limits);
  const fields = stdout.split("\0");
  const programs = new Map<string, string>();
  const keys: [key: string, filter: string][] = [];
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const [origin = "", setting = ""] = [fields[index], fields[index + 1]];
    const [key = "", ...value] = setting.split("\n");
    const [, filter, kind] = FILTER_KEY.exec(key) ?? [];
    if (filter === undefined) continue;
    keys.push([key, filter]);
    const program = value.join("\n");
    const isOwn = isFileWithin(worktree, origin.replace(/^file:/, "")) || runsFileOf(worktree, program);
    if (kind !== "required" && isOwn) programs.set(filter, program);
  }
  const off = keys.filter(([, filter]) => programs.has(filter)).map(([key]): [string, string] => [key, ""]);
  return { programs, environment: off.length === 0 ? {} : toConfigVariables(off) };
}

/** Filters that read no file of the worktree but the one that they are given. */
const WELL_KNOWN = /^(?:"?\/[^"\s]*\/)?(?:git-lfs|git lfs|git-crypt)(?=["\s]|$)/;
/** Programs that read the current folder to find out what to run. */
const RUNNERS = new Set(
  "bun bunx bundle cargo deno go gradle just make mvn npm npx pnpm poetry rake task uv uvx yarn".split(" "),
);

function runsFileOf(worktree: string, program: string): boolean {
  if (WELL_KNOWN.test(program)) return false;
  const words = program.split(/[\s"'`;|&()<>$={}]+/).filter((word) => word !== "" && !word.startsWith("%"));
  return words.some(
    (word) =>
      RUNNERS.has(word) ||
      (word.includes("/") && !word.startsWith("-") && isFileWithin(worktree, word)) ||
      [word, `${word}.py`].some((name) => pathExists(join(worktree, name))),
  );
}

/** Returns whether a path, relative to a worktree, may lead into it. */
function isFileWithin(worktree: string, path: string): boolean {
  if (path === "") return false;
  return !path.startsWith("/") || isWithin(realPath(path), realPath(worktree)) || isWithin(path, worktree);
}

/**
 * Checks that no uncommitted file of a worktree needs one of its own filters.
 * @throws AppError `git_failed` naming the filter and the files
 */
export async function checkNeedsNone(
  worktree: string,
  { untracked, modified, intended }: WorktreeStatus,
  { programs }: OwnFilters,
  limits: GitLimits,
): Promise<void> {
  if (programs.size === 0) return;
  const names: ByteName[] = [...untracked, ...modified, ...intended];
  if (names.length === 0) return;
  const input = toBytes(names.map((name) => `${name}\0`).join(""));
  const fields = splitNul(await gitBytes(worktree, ["check-attr", "--stdin", "-z", "filter"], { ...limits, input }));
  const needing: string[] = [];
  let used: string | undefined;
  for (let index = 0; index + 2 < fields.length; index += 3) {
    const [name, , filter] = fields.slice(index, index + 3);
    if (name === undefined || filter === undefined || !programs.has(toText(filter))) continue;
    used ??= toText(filter);
    needing.push(toText(name));
  }
  if (used === undefined) return;
  throw new AppError(
    "git_failed",
    `Nothing was committed: git's filter ${used} of ${listSome(needing)} runs ${programs.get(used)}, which the task may have changed. ` +
      `Look at it, then commit (git -C ${quoteForShell(worktree)} add --all && git -C ${quoteForShell(worktree)} commit).`,
    "Commit in the worktree by hand.",
  );
}
