import { clockStamp, now } from "#platform/clock.ts";
import { firstLine, shorten } from "#base/text.ts";
import { toToml } from "#codex/settings.ts";
import { MAX_CLIENT_NAME } from "#domain/provenance.ts";
import type { QueuedTask } from "#domain/record.ts";
import { type TaskPaths, taskPaths } from "#store/store-paths.ts";
import type { AppContext } from "#tasks/context.ts";
import { IS_TMUX_USED, socketPathOf, tmuxServerOf } from "#tmux/tmux.ts";
import type { CheckedRequest } from "./request/check-request.ts";
import { checkRequestOf } from "./request/check-option.ts";
import { goalOf } from "./request/goal.ts";
import type { TaskWorkspace } from "./plan-workspace.ts";

/** Returns the record of a run that is about to be claimed. */
export function buildTask(
  { config }: AppContext,
  request: CheckedRequest,
  { workspace, plan, note }: TaskWorkspace,
  taskId: string,
  run: number,
): QueuedTask {
  const paths = taskPaths(config.home, taskId);
  const { sessionId, model, reasoningEffort, profile, images, outputSchema } = request;
  return {
    task_id: taskId,
    run,
    status: "queued",
    topic: request.topic,
    ...titleOf(request.prompt),
    mode: request.mode,
    sandbox: request.sandbox,
    cwd: request.cwd,
    workspace,
    run_dir: request.realCwd,
    prompt_file: paths.prompt,
    log_file: paths.log,
    start_time: now(),
    started_clock: clockStamp(),
    ...(request.sandbox !== "read-only" &&
      IS_TMUX_USED && { tmux_session: taskId, tmux_socket: socketPathOf(tmuxServerOf(config)) }),
    ...(plan !== undefined && { worktree_dir: plan.path, agent_branch: plan.branch }),
    ...(note !== undefined && { worktree_note: note }),
    ...(sessionId !== undefined && { resumes: sessionId }),
    ...(model !== undefined && { model }),
    ...(reasoningEffort !== undefined && { reasoning_effort: reasoningEffort }),
    ...(profile !== undefined && { profile }),
    ...(images.length > 0 && { images: [...images] }),
    ...(outputSchema !== undefined && { output_schema_file: paths.outputSchema }),
    ...(request.review !== undefined && { review: request.review.target }),
    ...(request.network === true && request.sandbox === "workspace-write" && { network: true }),
    ...(request.approvals === "ask" && { approvals: "ask" }),
    ...goalOf(request),
    ...checkRequestOf(config, request),
    ...originOf(request),
    ...settingsOf(request, paths),
    ...(request.commit === "never" && plan !== undefined && { commit: "never" }),
    timeout_seconds: request.timeoutSeconds,
    idle_timeout_seconds: request.idleTimeoutSeconds,
  };
}

/** Returns the fields for who asked for the task, and as a part of what. */
function originOf({ client, clientKey, group, fork, maxTokens }: CheckedRequest): Partial<QueuedTask> {
  return {
    ...(client !== undefined && { client: shorten(client, MAX_CLIENT_NAME) }),
    ...(clientKey !== undefined && { client_key: clientKey }),
    ...(group !== undefined && { group }),
    ...(fork?.record !== undefined && { forks: fork.record.task_id }),
    ...(fork !== undefined && { forks_session: fork.sessionId }),
    ...(maxTokens !== undefined && { max_tokens: maxTokens }),
  };
}

function titleOf(prompt: string): { title?: string } {
  const title = firstLine(prompt);
  return title === undefined ? {} : { title };
}

function settingsOf({ settingArguments, baseInstructions }: CheckedRequest, paths: TaskPaths): { settings?: string[] } {
  const settings = [...settingArguments];
  if (baseInstructions !== undefined) settings.push(`model_instructions_file=${toToml(paths.baseInstructions)}`);
  return settings.length === 0 ? {} : { settings };
}
