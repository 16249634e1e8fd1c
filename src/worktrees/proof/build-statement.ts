import { relative } from "node:path";
import { readSessionModel } from "#codex/run/session-file.ts";
import { describeProgram } from "#codex/capabilities.ts";
import { locateCodex } from "#codex/locate.ts";
import { findBranchCommit } from "#git/repository/branches.ts";
import { OWN_BUILD } from "#base/build.ts";
import type { Config } from "#base/config.ts";
import { sha256 } from "#base/digest.ts";
import { AppError } from "#base/errors.ts";
import { pathExists } from "#base/paths.ts";
import { now } from "#platform/clock.ts";
import { digestFile } from "#platform/files/file-digest.ts";
import { readOptionalText, tryReadText } from "#platform/files/read-file.ts";
import { elapsedSeconds, type EndedTask } from "#domain/record.ts";
import { findMerged } from "#store/worktree-base.ts";
import { taskPaths } from "#store/store-paths.ts";
import type { AppContext } from "#tasks/context.ts";
import { readCommitDigest } from "./commit-digest.ts";
import { type CommitDigest, PREDICATE_TYPE, STATEMENT_TYPE, type Statement } from "./statement.ts";

type Predicate = Statement["predicate"];

/**
 * Builds the statement about the last run of a task.
 * @throws AppError `no_proof` if there is neither a commit nor a result to prove
 */
export async function buildStatement(context: AppContext, task: EndedTask, withPrompt: boolean): Promise<Statement> {
  const subject = await findSubject(context, task);
  return {
    _type: STATEMENT_TYPE,
    subject: [subject],
    predicateType: PREDICATE_TYPE,
    predicate: {
      task: { id: task.task_id, run: task.run, topic: task.topic },
      request: describeRequest(task, withPrompt),
      observed: await describeObserved(context, task),
      reported_by_codex: describeReported(context.config, task),
      made_by: {
        name: "codex-mcp-server",
        version: OWN_BUILD.version,
        ...(OWN_BUILD.commit !== "" && { commit: OWN_BUILD.commit }),
        made_at: now(),
      },
    },
  };
}

async function findSubject({ config }: AppContext, task: EndedTask): Promise<Statement["subject"][number]> {
  const commit = await findEndCommit(task);
  if (commit !== undefined) return { name: task.agent_branch ?? task.task_id, digest: commit };
  const result = readResultText(config, task);
  if (result !== undefined) return { name: `${task.task_id}/result`, digest: { sha256: sha256(result) } };
  throw new AppError(
    "no_proof",
    `${task.task_id} has neither a commit nor a result to prove.`,
    "Read its record with codex_status.",
  );
}

/** Finds the commit with which a run ended; for records of earlier versions, that is the one of its branch now. */
async function findEndCommit({ end_commit, agent_branch, workspace }: EndedTask): Promise<CommitDigest | undefined> {
  if (agent_branch === undefined || !pathExists(workspace)) return undefined;
  return readCommitDigest(workspace, end_commit ?? (await findBranchCommit(workspace, agent_branch)));
}

function describeRequest(task: EndedTask, withPrompt: boolean): Predicate["request"] {
  const { sandbox, network, approvals, model, reasoning_effort, profile, review, resumes } = task;
  const prompt = tryReadText(task.prompt_file);
  return {
    ...(prompt !== undefined && { prompt_sha256: sha256(prompt) }),
    ...(prompt !== undefined && withPrompt && { prompt }),
    sandbox,
    ...(network === true && { network }),
    ...(approvals !== undefined && { approvals }),
    ...(model !== undefined && { model }),
    ...(reasoning_effort !== undefined && { reasoning_effort }),
    ...(profile !== undefined && { profile }),
    ...(review !== undefined && { review }),
    ...(resumes !== undefined && { resumes }),
  };
}

async function describeObserved({ config, store }: AppContext, task: EndedTask): Promise<Predicate["observed"]> {
  const { status, start_time, end_time, exit_code, base_commit, agent_branch, worktree_dir, workspace } = task;
  const merged = worktree_dir === undefined ? undefined : findMerged(store, worktree_dir);
  const find = async (name: string | undefined) =>
    agent_branch !== undefined && pathExists(workspace) ? readCommitDigest(workspace, name) : undefined;
  const [base, merge] = [await find(base_commit), await find(merged?.commit)];
  const uncommitted = task.uncommitted_changes?.length ?? 0;
  const digest = digestCodex(config, task);
  return {
    status,
    ...(status !== "completed" && { code: task.code }),
    started_at: start_time,
    ended_at: end_time,
    seconds: elapsedSeconds(task),
    ...(exit_code !== undefined && { exit_code }),
    codex: { engine: task.engine ?? "exec", ...(digest !== undefined && { program_sha256: digest }) },
    ...(base !== undefined && { base }),
    ...(agent_branch !== undefined && { branch: agent_branch }),
    ...(uncommitted > 0 && { uncommitted_files: uncommitted }),
    ...describeCheck(task),
    ...describeAudit(task),
    ...(merge !== undefined && { merge }),
  };
}

function describeCheck({ check, worktree_dir, run_dir }: EndedTask): Pick<Predicate["observed"], "check"> {
  if (check === undefined) return {};
  const { command, passed, exit_code, attempts, seconds, commit } = check;
  const folder = worktree_dir === undefined ? "" : relative(worktree_dir, run_dir);
  return {
    check: {
      command,
      ...(folder !== "" && !folder.startsWith("..") && { folder }),
      passed,
      ...(exit_code !== undefined && { exit_code }),
      attempts,
      seconds,
      ...(commit !== undefined && { commit }),
    },
  };
}

function describeAudit({ readonly_audit }: EndedTask): Pick<Predicate["observed"], "audit"> {
  if (readonly_audit === undefined) return {};
  const { verdict, violations_detected, enforcement, evidence } = readonly_audit;
  const { landlock_abi, seccomp, capabilities_dropped } = evidence;
  return {
    audit: {
      verdict,
      violations: violations_detected,
      enforcement,
      ...(landlock_abi !== undefined && { landlock_abi }),
      ...(seccomp !== undefined && { seccomp }),
      ...(capabilities_dropped !== undefined && { capabilities_dropped }),
    },
  };
}

function describeReported(config: Config, task: EndedTask): Predicate["reported_by_codex"] {
  const { codex_version, session_id, usage, verdict, findings } = task;
  const model = session_id === undefined ? undefined : readSessionModel(config.codexHome, session_id);
  const result = readResultText(config, task);
  const isCodexs = task.sandbox !== "full-access" && task.readonly_fallback !== true;
  return {
    ...(codex_version !== undefined && { version: codex_version }),
    ...(model !== undefined && { model }),
    ...(session_id !== undefined && { session: session_id }),
    ...(isCodexs && { sandbox: task.sandbox }),
    ...(usage !== undefined && { usage }),
    ...(result !== undefined && { result_sha256: sha256(result) }),
    ...(findings !== undefined && { review: { ...(verdict !== undefined && { verdict }), findings: findings.length } }),
  };
}

function readResultText({ home }: Config, task: EndedTask): string | undefined {
  return task.result ?? readOptionalText(taskPaths(home, task.task_id).result);
}

/** Returns the digest of the Codex program of a run; undefined if the file has changed since the run began. */
function digestCodex(config: Config, { codex_program }: EndedTask): string | undefined {
  try {
    const program = locateCodex(config);
    return describeProgram(program) === codex_program ? digestFile(program.path)?.digest : undefined;
  } catch {
    return undefined; // Codex is gone
  }
}
