import {
  adoptCodex,
  appServerArguments,
  codexArguments,
  type CodexProcess,
  type CodexStart,
  startCodex,
} from "#codex/process.ts";
import type { MessageSource, TurnRequest } from "#codex/engines/turn-request.ts";
import { locateCodex } from "#codex/locate.ts";
import { mcpServerArguments } from "#codex/mcp-servers.ts";
import { processMarkerOf, runIdOf } from "#domain/names.ts";
import type { RunningTask } from "#domain/record.ts";
import { readOptionalText } from "#platform/files/read-file.ts";
import type { ProcessIdentity } from "#platform/process/identity.ts";
import { confineStart } from "#readonly/fallback.ts";
import { taskPaths } from "#store/store-paths.ts";
import { Inbox } from "#store/tasks/inbox.ts";
import type { AppContext } from "#tasks/context.ts";
import { containRun } from "./run-containment.ts";

/** Starts Codex for a run, with the engine of its record. */
export async function launchCodex({ config }: AppContext, task: RunningTask): Promise<CodexProcess> {
  const program = locateCodex(config);
  const paths = taskPaths(config.home, task.task_id);
  const marker = processMarkerOf(config.home, task.task_id, task.run);
  const settings = mcpServerArguments(config, task);
  const isAppServer = task.engine === "app-server";
  const start: CodexStart = {
    program: program.path,
    args: isAppServer ? appServerArguments(task, settings) : codexArguments(task, settings),
    folder: task.run_dir,
    environment: { ...config.environment, ...program.environment, [marker.name]: marker.value },
    promptFile: task.prompt_file,
    logFile: task.log_file,
    stderrFile: paths.stderr,
    ...containRun(config, task),
  };
  if (isAppServer) {
    const { startAppServer } = await import("#codex/engines/app-server.ts");
    return startAppServer(start, { socket: paths.appServer, log: task.log_file }, turnOf(task, new Inbox(paths)));
  }
  return startCodex(task.readonly_fallback === true ? confineStart(config, task, start) : start);
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
  const files = { socket: paths.appServer, log: task.log_file };
  return adoptAppServer(codex, files, turnOf(task, new Inbox(paths)));
}

function turnOf(task: RunningTask, messages: MessageSource): TurnRequest {
  const schema = task.output_schema_file === undefined ? undefined : readOptionalText(task.output_schema_file);
  return {
    prompt: readOptionalText(task.prompt_file) ?? "",
    images: task.images ?? [],
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- this program wrote it from an object
    outputSchema: schema === undefined ? undefined : (JSON.parse(schema) as object),
    sandboxPolicy: sandboxPolicyOf(task),
    folder: task.run_dir,
    threadId: task.resumes,
    runId: runIdOf(task),
    messages,
  };
}

function sandboxPolicyOf({ sandbox, network }: RunningTask): TurnRequest["sandboxPolicy"] {
  switch (sandbox) {
    case "read-only":
      return { type: "readOnly", networkAccess: false };
    case "workspace-write":
      return { type: "workspaceWrite", writableRoots: [], networkAccess: network === true };
    case "full-access":
      return { type: "dangerFullAccess" };
  }
}
