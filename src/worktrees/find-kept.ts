import { SALVAGE_REFS } from "#git/salvage/manifest.ts";
import { AppError } from "#base/errors.ts";
import { agentBranchOf } from "#domain/names.ts";
import { parseTopic } from "#domain/topic.ts";
import type { AppContext } from "#tasks/context.ts";
import { findRepository, type KeptWorktree, listKnownSalvage } from "./known-salvage.ts";

/**
 * Finds the newest saved worktree by its branch, its ref, or the id or topic of a task, whose record may be gone.
 * @param folder a folder whose repository is searched too, and preferred
 * @throws AppError `invalid_argument` if several other repositories have one
 */
export async function findKept(context: AppContext, name: string, folder: string): Promise<KeptWorktree | undefined> {
  const { kept } = await listKnownSalvage(context, folder);
  const branches = branchesNamed(name);
  const isMeant = ({ ref, branch }: KeptWorktree) =>
    name.startsWith(`${SALVAGE_REFS}/`) ? ref === name : branches.has(branch);
  const newest = new Map<string, KeptWorktree>();
  for (const each of kept.filter(isMeant)) if (!newest.has(each.repository)) newest.set(each.repository, each);
  const here = await findRepository(folder);
  const [first, ...others] = newest.values();
  const preferred = here === undefined ? undefined : newest.get(here);
  if (preferred !== undefined || others.length === 0) return preferred ?? first;
  throw new AppError(
    "invalid_argument",
    `Several repositories have a discarded worktree of ${name}: ${[...newest.keys()].join(", ")}.`,
    "Run codex-mcp-server restore in one of them, or restore a ref that codex-mcp-server restore --list shows.",
  );
}

function branchesNamed(name: string): ReadonlySet<string> {
  const branches = new Set([name.replace(/^refs\/heads\//, ""), `agent/${name}`]);
  // Tasks of one topic in several workspaces have a suffix each.
  const topic = /^(?:codex-)?(.+?-v\d+)(?:-[A-Za-z0-9]+)?$/.exec(name)?.[1];
  const key = topic === undefined ? undefined : keyOf(topic);
  if (key !== undefined) branches.add(key);
  return branches;
}

function keyOf(topic: string): string | undefined {
  try {
    return agentBranchOf(parseTopic(topic));
  } catch {
    return undefined;
  }
}
