import { AppError } from "#base/errors.ts";
import { pathExists } from "#base/paths.ts";
import { isEnded } from "#domain/record.ts";
import type { AppContext } from "#tasks/context.ts";
import { reconcile } from "#tasks/end/reconcile.ts";
import { resolveTask } from "#tasks/lookup.ts";
import { buildStatement } from "./build-statement.ts";
import { encodeStatement, type Envelope, makeEnvelope, toSignedBytes } from "./envelope.ts";
import { keepProof } from "./proof-notes.ts";
import { findSigningKey, signBytes } from "./signing/sign.ts";
import { type Statement, subjectCommit } from "./statement.ts";

/** Options of a proof. */
export interface ProofOptions {
  /** Whether the prompt itself is in the statement, besides its digest. */
  withPrompt: boolean;
  /** Whether it is signed with the user's signing key, if there is one. */
  isSigned: boolean;
  /** Whether it is kept as a git note. */
  isKept: boolean;
}

/** Proof that was made. */
export interface MadeProof {
  statement: Statement;
  envelope: Envelope;
  /** Key that has signed it; undefined if it is not signed. */
  keyid: string | undefined;
  /** Commits that have it as a note. */
  notes: string[];
}

/**
 * Makes a statement about the last run of a task, signs it, and keeps it as a note of the commit that the run ended with, and of the commit
 * that it was merged as.
 * @throws AppError `unknown_task`, `task_running`, `no_proof`, `signing_failed`, and as git's commands do
 */
export async function makeProof(context: AppContext, name: string, options: ProofOptions): Promise<MadeProof> {
  const task = await reconcile(context, resolveTask(context, name));
  if (!isEnded(task)) {
    throw new AppError(
      "task_running",
      `${task.task_id} has not ended.`,
      "Wait for it with codex_wait, then try again.",
    );
  }
  const statement = await buildStatement(context, task, options.withPrompt);
  const payload = encodeStatement(statement);
  const folder = task.agent_branch !== undefined && pathExists(task.workspace) ? task.workspace : "/";
  const key = options.isSigned ? await findSigningKey(folder) : undefined;
  const bytes = toSignedBytes(payload);
  const signature = key === undefined ? undefined : await signBytes(folder, key, bytes, context.config.environment);
  const envelope = makeEnvelope(payload, signature === undefined ? [] : [signature]);
  const commits = [subjectCommit(statement)?.gitCommit, statement.predicate.observed.merge?.gitCommit];
  const notes = options.isKept ? [...new Set(commits.filter((commit) => commit !== undefined))] : [];
  for (const commit of notes) await keepProof(context, task.workspace, commit, envelope);
  return { statement, envelope, keyid: signature?.keyid, notes };
}
