import { git } from "#git/git.ts";
import { SALVAGE_REFS } from "./manifest.ts";

/** A discarded worktree that is kept. */
export interface Salvage {
  ref: string;
  branch: string;
  commit: string;
  /** Time when it was discarded, in ISO format. */
  savedAt: string;
}

/** Returns the saved worktrees in a repository, newest first; of one branch, or of all. @throws AppError `git_failed` */
export async function listSalvage(repository: string, branch?: string): Promise<Salvage[]> {
  const pattern = branch === undefined ? SALVAGE_REFS : `${SALVAGE_REFS}/${branch}`;
  const format = "--format=%(refname) %(objectname) %(committerdate:unix)";
  const lines = (await git(repository, ["for-each-ref", format, "--", pattern])).split("\n").filter(Boolean);
  const all = lines.flatMap((line) => {
    const [ref = "", commit = "", time = ""] = line.split(" ");
    // Other objects than commits have no date, and are not ours.
    if (time === "") return [];
    const named = ref.slice(SALVAGE_REFS.length + 1);
    const savedAt = new Date(Number(time) * 1000).toISOString();
    return [{ ref, commit, branch: named.slice(0, named.lastIndexOf("/")), savedAt }];
  });
  // The names end with the time, in milliseconds.
  const wanted = branch === undefined ? all : all.filter((each) => each.branch === branch);
  return wanted.toSorted((a, b) => (timeOf(a) < timeOf(b) ? 1 : -1));
}

function timeOf({ ref }: Salvage): string {
  return ref.slice(ref.lastIndexOf("/") + 1);
}

/** Deletes a salvage that was saved a moment ago and is not needed. @throws AppError `git_failed` */
export async function dropSalvage(repository: string, ref: string): Promise<void> {
  await git(repository, ["update-ref", "--no-deref", "-d", ref]);
}

/** Deletes a salvage, if its ref still points to that commit. @throws AppError `git_failed` */
export async function deleteSalvage(repository: string, ref: string, commit: string): Promise<void> {
  await git(repository, ["update-ref", "--no-deref", "-d", ref, commit]);
}
