import { existsSync } from "node:fs";
import {
  adoptCodex,
  appServerArguments,
  codexArguments,
  type CodexProcess,
  type CodexStart,
  startCodex,
} from "#codex/process.ts";
import { type Channel, listenArguments } from "#codex/engines/connection/channel.ts";
import { threadSettings } from "#codex/engines/thread-settings.ts";
import type { TurnRequest } from "#codex/engines/turn-request.ts";
import { userConfigFiles } from "#codex/config-files.ts";
import { locateCodex } from "#codex/locate.ts";
import { mcpServerArguments } from "#codex/mcp-servers.ts";
import { runIdOf, runMarkerOf } from "#domain/names.ts";
import type { RunningTask, TaskRequest } from "#domain/record.ts";
import { readOptionalText } from "#platform/files/read-file.ts";
import { isProcessAlive, type ProcessIdentity } from "#platform/process/identity.ts";
import { confineStart } from "#readonly/fallback.ts";
import { type TaskPaths, taskPaths } from "#store/store-paths.ts";
import { canListenAt } from "#tasks/start/codex-capabilities.ts";
import { isJoined } from "#store/tasks/join-note.ts";
import type { AppContext } from "#tasks/context.ts";
import { linkSpareSocket } from "./spare-socket.ts";
import type { RunFollowUps } from "#tasks/supervise/turns/follow-ups.ts";
import { TaskQuestions } from "#tasks/supervise/turns/question-desk.ts";
import { containRun } from "./run-containment.ts";

/** Returns whether a run can use the app-server that was started for it. */
export function canUseSpare({ config }: AppContext, task: TaskRequest): boolean {
  const isAlive = task.spare !== undefined && isProcessAlive(task.spare);
  return isAlive && threadSettings(task, mcpServerArguments(config, task)) !== undefined;
}

/** Starts Codex for a run, with the engine of its record. */
export async function launchCodex(
  context: AppContext,
  task: RunningTask,
  followUps: RunFollowUps,
): Promise<CodexProcess> {
  if (task.engine !== "app-server") return launchExec(context, task, task.prompt_file);
  if (task.spare !== undefined) {
    await linkSpareSocket(context.config.home, task, task.spare);
    return adoptServer(context, task, task.spare, followUps, false);
  }
  const { startAppServer } = await import("#codex/engines/app-server.ts");
  const paths = taskPaths(context.config.home, task.task_id);
  const channel = channelOf(task, paths);
  const settings = mcpServerArguments(context.config, task);
  const start = startOf(context, task, task.prompt_file, [
    ...appServerArguments(task, settings),
    ...listenArguments(channel),
  ]);
  return startAppServer(start, { channel, log: task.log_file }, turnOf(context, task, paths, followUps));
}

/** Starts the next process of a run of `codex exec`, in the session of the one before, with the prompt of a follow-up. */
export function launchFollowUp(context: AppContext, task: RunningTask, sessionId: string): CodexProcess {
  const { images: _sent, ...further } = task;
  const { followUp } = taskPaths(context.config.home, task.task_id);
  return launchExec(context, { ...further, resumes: sessionId }, followUp);
}

function launchExec(context: AppContext, task: RunningTask, promptFile: string): CodexProcess {
  return startCodex(startOf(context, task, promptFile, codexArguments(task, mcpServerArguments(context.config, task))));
}

function startOf({ config }: AppContext, task: RunningTask, promptFile: string, args: readonly string[]): CodexStart {
  const program = locateCodex(config);
  const marker = runMarkerOf(config.home, task);
  const start: CodexStart = {
    program: program.path,
    args,
    folder: task.run_dir,
    environment: { ...config.environment, ...program.environment, [marker.name]: marker.value },
    promptFile,
    logFile: task.log_file,
    stderrFile: taskPaths(config.home, task.task_id).stderr,
    ...containRun(config, task),
  };
  return task.readonly_fallback === true ? confineStart(config, task, start) : start;
}

/** Adopts the Codex of a run whose supervisor has died. */
export async function adoptRunningCodex(
  context: AppContext,
  task: RunningTask,
  codex: ProcessIdentity,
  followUps: RunFollowUps,
): Promise<CodexProcess> {
  if (task.engine !== "app-server") return adoptCodex(codex);
  const { home } = context.config;
  // The earlier supervisor may have died before it had linked it.
  if (task.spare !== undefined && !existsSync(taskPaths(home, task.task_id).appServer)) {
    await linkSpareSocket(home, task, task.spare);
  }
  return adoptServer(context, task, codex, followUps, true);
}

async function adoptServer(
  context: AppContext,
  task: RunningTask,
  { pid, start }: ProcessIdentity,
  followUps: RunFollowUps,
  isBegun: boolean,
): Promise<CodexProcess> {
  const { adoptAppServer } = await import("#codex/engines/app-server.ts");
  const paths = taskPaths(context.config.home, task.task_id);
  const files = { channel: channelOf(task, paths), log: task.log_file };
  return adoptAppServer({ pid, start }, files, turnOf(context, task, paths, followUps), isBegun);
}

/** Returns the field for the way to a run's app-server. Under the read-only fallback, the agent's commands could open sockets if it could. */
export function channelFields({ config }: AppContext, { task_id }: TaskRequest, isFallback: boolean): { pipes?: true } {
  const hasSocket = !isFallback && canListenAt(config, taskPaths(config.home, task_id).appServer);
  return hasSocket ? {} : { pipes: true };
}

/** Returns the way to a run's app-server. */
function channelOf(task: RunningTask, { appServer, appServerInput, appServerOutput }: TaskPaths): Channel {
  if (task.pipes !== true) return { socket: appServer };
  return { pipes: { input: appServerInput, output: appServerOutput } };
}

function turnOf(
  { config, store }: AppContext,
  task: RunningTask,
  paths: TaskPaths,
  followUps: RunFollowUps,
): TurnRequest {
  const settings = task.spare === undefined ? undefined : threadSettings(task, mcpServerArguments(config, task));
  const promptFile = task.readonly_fallback === true ? paths.readonlyInput : task.prompt_file;
  const schema = task.output_schema_file === undefined ? undefined : readOptionalText(task.output_schema_file);
  return {
    prompt: readOptionalText(promptFile) ?? "",
    images: task.images ?? [],
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- this program wrote it from an object
    outputSchema: schema === undefined ? undefined : (JSON.parse(schema) as object),
    sandboxPolicy: sandboxPolicyOf(task),
    folder: task.run_dir,
    profileFile: task.profile === undefined ? undefined : userConfigFiles(config.codexHome, task.profile)[1],
    goal: task.goal,
    model: settings?.model,
    config: settings?.config,
    threadId: task.resumes,
    forkOf: task.forks_session,
    runId: runIdOf(task),
    messages: followUps.messages,
    followUps,
    isJoined: () => isJoined(paths),
    run: task.run,
    questions: task.approvals === "ask" ? new TaskQuestions(store, task, config.approvalTimeoutSeconds) : undefined,
  };
}

function sandboxPolicyOf({ sandbox, network, readonly_fallback }: RunningTask): TurnRequest["sandboxPolicy"] {
  // The fallback replaces Codex's sandbox, which cannot be set up.
  if (readonly_fallback === true) return { type: "dangerFullAccess" };
  switch (sandbox) {
    case "read-only":
      return { type: "readOnly", networkAccess: false };
    case "workspace-write":
      return { type: "workspaceWrite", writableRoots: [], networkAccess: network === true };
    case "full-access":
      return { type: "dangerFullAccess" };
  }
}
