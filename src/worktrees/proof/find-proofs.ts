import { resolve } from "node:path";
import { findBranchCommit } from "#git/repository/branches.ts";
import { AppError } from "#base/errors.ts";
import { pathExists, statIfAny } from "#base/paths.ts";
import { readFileBounded } from "#platform/files/read-file.ts";
import { isEnded, type TaskRecord } from "#domain/record.ts";
import type { AppContext } from "#tasks/context.ts";
import { findNamedTask } from "#tasks/lookup.ts";
import { findRepository } from "#worktrees/known-salvage.ts";
import { readCommitDigest } from "./commit-digest.ts";
import { MAX_PROOF_BYTES } from "./envelope.ts";
import { readProofLines, readTaskId } from "./proof-notes.ts";

/** Proofs that a name leads to. */
export interface FoundProofs {
  /** Texts of the proofs, as they were found. */
  texts: string[];
  /** Commit that was asked for: a proof of another one is none of it. Undefined for a file. */
  about: string | undefined;
  /** Repository that has their commits; undefined if there is none here. */
  repository: string | undefined;
  /** Folder in a working tree of that repository, if there is one. */
  folder: string;
}

/** Maximum number of proofs in a file or note that are read. */
const MAX_PROOFS = 100;

/**
 * Finds the proofs in a file, or those that are kept for a task or a commit.
 * @param cwd folder of the person, whose repository has the commits
 * @throws AppError `no_proof`, `proof_invalid`
 */
export async function findProofs(context: AppContext, name: string, cwd: string): Promise<FoundProofs> {
  const path = resolve(cwd, name);
  if (statIfAny(path)?.isDirectory() === false) {
    return { texts: readProofFile(path), about: undefined, repository: await findRepository(cwd), folder: cwd };
  }
  const task = findNamedTask(context, name)?.record;
  const kept = task === undefined ? await findOfCommit(name, cwd) : await findOfTask(task);
  if (kept === undefined) {
    throw new AppError("no_proof", `There is no file, task or commit ${name} here.`, "Check the name and the folder.");
  }
  if (kept.texts.length > 0) return kept;
  const hint = `Make one (codex-mcp-server proof <task>), or fetch the notes (git fetch origin refs/notes/codex-mcp-server:refs/notes/codex-mcp-server).`;
  throw new AppError("no_proof", `No proof is kept for ${name}.`, hint);
}

/** Reads the proofs of a file: one, or one on each line. */
function readProofFile(path: string): string[] {
  const read = readFileBounded(path, { maxBytes: MAX_PROOF_BYTES });
  if (!("bytes" in read)) throw new AppError("proof_invalid", read.message, "Pass a proof that was saved to a file.");
  const text = read.bytes.toString();
  if (isJson(text)) return [text];
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.length === 0 ? [text] : lines.slice(0, MAX_PROOFS);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

async function findOfTask(task: TaskRecord): Promise<FoundProofs> {
  const { agent_branch, workspace, task_id } = task;
  const nothing = { texts: [], about: undefined, repository: undefined, folder: task.cwd };
  if (agent_branch === undefined || !pathExists(workspace)) return nothing;
  const end = isEnded(task) ? task.end_commit : undefined;
  const commit = end ?? (await findBranchCommit(workspace, agent_branch));
  const lines = commit === undefined ? [] : await readProofLines(workspace, commit);
  const texts = lines.filter((line) => readTaskId(line) === task_id);
  return { texts, about: commit, repository: workspace, folder: task.cwd };
}

async function findOfCommit(name: string, cwd: string): Promise<FoundProofs | undefined> {
  const repository = await findRepository(cwd);
  if (repository === undefined) return undefined;
  const found = await readCommitDigest(repository, name === "HEAD" ? await headOf(cwd) : name);
  if (found === undefined) return undefined;
  const texts = (await readProofLines(repository, found.gitCommit)).slice(0, MAX_PROOFS);
  return { texts, about: found.gitCommit, repository, folder: cwd };
}

/** Returns the commit that the person's working tree has checked out: the repository's own HEAD may be another one. */
async function headOf(cwd: string): Promise<string | undefined> {
  return (await readCommitDigest(cwd, "HEAD"))?.gitCommit;
}
