import {
  adoptCodex,
  appServerArguments,
  codexArguments,
  type CodexProcess,
  type CodexStart,
  startCodex,
} from "#codex/process.ts";
import type { Channel } from "#codex/engines/thread.ts";
import type { TurnRequest } from "#codex/engines/turn-request.ts";
import { locateCodex } from "#codex/locate.ts";
import { mcpServerArguments } from "#codex/mcp-servers.ts";
import { processMarkerOf, runIdOf } from "#domain/names.ts";
import type { RunningTask } from "#domain/record.ts";
import { readOptionalText } from "#platform/files/read-file.ts";
import type { ProcessIdentity } from "#platform/process/identity.ts";
import { confineStart } from "#readonly/fallback.ts";
import { type TaskPaths, taskPaths } from "#store/store-paths.ts";
import { Inbox } from "#store/tasks/inbox.ts";
import type { AppContext } from "#tasks/context.ts";
import { containRun } from "./run-containment.ts";

/** Starts Codex for a run, with the engine of its record. */
export async function launchCodex({ config }: AppContext, task: RunningTask): Promise<CodexProcess> {
  const program = locateCodex(config);
  const paths = taskPaths(config.home, task.task_id);
  const marker = processMarkerOf(config.home, task.task_id, task.run);
  const settings = mcpServerArguments(config, task);
  const engine = task.engine === "app-server" ? await import("#codex/engines/app-server.ts") : undefined;
  const channel = channelOf(task, paths);
  const plain: CodexStart = {
    program: program.path,
    args:
      engine === undefined
        ? codexArguments(task, settings)
        : [...appServerArguments(task, settings), ...engine.listenArguments(channel)],
    folder: task.run_dir,
    environment: { ...config.environment, ...program.environment, [marker.name]: marker.value },
    promptFile: task.prompt_file,
    logFile: task.log_file,
    stderrFile: paths.stderr,
    ...containRun(config, task),
  };
  const start = task.readonly_fallback === true ? confineStart(config, task, plain) : plain;
  if (engine === undefined) return startCodex(start);
  return engine.startAppServer(start, { channel, log: task.log_file }, turnOf(task, paths));
}

/** Adopts the Codex of a run whose supervisor has died. */
export async function adoptRunningCodex(
  { config }: AppContext,
  task: RunningTask,
  codex: ProcessIdentity,
): Promise<CodexProcess> {
  if (task.engine !== "app-server") return adoptCodex(codex);
  const { adoptAppServer } = await import("#codex/engines/app-server.ts");
  const paths = taskPaths(config.home, task.task_id);
  return adoptAppServer(codex, { channel: channelOf(task, paths), log: task.log_file }, turnOf(task, paths));
}

/** Returns the way to a run's app-server. Under the read-only fallback it cannot open a socket: the agent's commands must not either. */
function channelOf(task: RunningTask, { appServer, appServerInput, appServerOutput }: TaskPaths): Channel {
  if (task.readonly_fallback !== true) return { socket: appServer };
  return { pipes: { input: appServerInput, output: appServerOutput } };
}

function turnOf(task: RunningTask, paths: TaskPaths): TurnRequest {
  const promptFile = task.readonly_fallback === true ? paths.readonlyInput : task.prompt_file;
  const schema = task.output_schema_file === undefined ? undefined : readOptionalText(task.output_schema_file);
  return {
    prompt: readOptionalText(promptFile) ?? "",
    images: task.images ?? [],
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- this program wrote it from an object
    outputSchema: schema === undefined ? undefined : (JSON.parse(schema) as object),
    sandboxPolicy: sandboxPolicyOf(task),
    folder: task.run_dir,
    threadId: task.resumes,
    runId: runIdOf(task),
    messages: new Inbox(paths),
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
