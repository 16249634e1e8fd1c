import { signal } from "@preact/signals";
import type { App, McpUiHostContext } from "@modelcontextprotocol/ext-apps";
import { callPageTool } from "./call-tool.ts";
import { connectApp, createApp } from "./host.ts";
import { applyHostLooks } from "./theme.ts";
import { findNamedTasks, type NamedTask, readToolFailure, type ToolResult } from "./tool-result.ts";

/** Tasks that the tool's answer names; undefined before the answer. */
export const namedTasks = signal<readonly NamedTask[] | undefined>(undefined);
/** Task that is shown. */
export const shownTask = signal<string | undefined>(undefined);
/** Reason why there is nothing to show. */
export const emptyReason = signal<string | undefined>(undefined);
/** Facts that the host says about itself. */
export const hostContext = signal<McpUiHostContext>({});

/** Interval at which a task is looked for whose tool has not answered, in milliseconds. */
const LOOK_MS = 1000;

/** Connects the view with its host: from then on, the state above is that of the tool's call. @throws RequestError */
export async function connectToHost(): Promise<App> {
  const app = createApp({
    onToolInput: ({ task_id: id, prompt }) => {
      if (typeof id === "string") shownTask.value ??= id;
      else if (typeof prompt === "string") void lookForTask(app, prompt);
    },
    onToolResult: takeResult,
    onToolCancelled: () => {
      if (shownTask.value === undefined) emptyReason.value = "The call was cancelled.";
    },
    onContext: takeContext,
  });
  await connectApp(app);
  takeContext(app.getHostContext() ?? {});
  return app;
}

function takeContext(context: McpUiHostContext): void {
  applyHostLooks(context);
  hostContext.value = context;
}

/** Shows the task that a result is about, lets the user choose if it is about several, or says why there is none. */
function takeResult(result: ToolResult): void {
  const named = findNamedTasks(result);
  namedTasks.value = named;
  const isShown = named.some(({ id }) => id === shownTask.value);
  if (named.length > 0 && !isShown) shownTask.value = named.length === 1 ? named[0]?.id : undefined;
  if (named.length > 0) return;
  if (result.isError === true) {
    const { message, hint } = readToolFailure(result);
    shownTask.value = undefined;
    emptyReason.value = `${message} ${hint}`.trimEnd();
  } else if (shownTask.value === undefined) emptyReason.value = "This answer is about no task.";
}

/** Looks for the task that the call has started, until the call is answered: a call that waits for its task's end does not say which it is. */
async function lookForTask(app: App, prompt: string): Promise<void> {
  while (namedTasks.value === undefined && shownTask.value === undefined && emptyReason.value === undefined) {
    const found = await callPageTool<{ ids: string[] }>(app, { part: "started", query: { prompt } }).catch(
      () => undefined,
    );
    const [only, ...others] = found?.ids ?? [];
    if (only !== undefined && others.length === 0 && namedTasks.value === undefined) {
      shownTask.value = only;
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
