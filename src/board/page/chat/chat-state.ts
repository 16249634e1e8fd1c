import type { App, AppEventMap, McpUiDisplayMode } from "@modelcontextprotocol/ext-apps";
import { signal } from "@preact/signals";
import { callPageTool, readToolFailure } from "./call-tool.ts";
import { findNamedTasks, type NamedTask } from "./named-tasks.ts";
import { applyHostLooks } from "./theme.ts";

/** Tasks that the tool's answer names; undefined before the answer. */
export const namedTasks = signal<readonly NamedTask[] | undefined>(undefined);
/** Task that is shown. */
export const shownTask = signal<string | undefined>(undefined);
/** Reason why there is nothing to show. */
export const emptyReason = signal<string | undefined>(undefined);
/** Display modes that the host offers, and the present one. */
export const displayModes = signal<{ offered: readonly McpUiDisplayMode[]; current: McpUiDisplayMode }>({
  offered: [],
  current: "inline",
});
/** Largest height of the view in the chat, in pixels, if the host limits it. */
export const heightLimit = signal<number | undefined>(undefined);

/** Interval at which a task is looked for whose tool has not answered, in milliseconds. */
const LOOK_MS = 1000;

/** Connects the view with its host: from then on, the state above is that of the tool's call. */
export async function connectToHost(app: App): Promise<void> {
  let prompt: string | undefined;
  app.addEventListener("toolinput", ({ arguments: args = {} }) => {
    if (typeof args["task_id"] === "string" && shownTask.value === undefined) shownTask.value = args["task_id"];
    else if (typeof args["prompt"] === "string") prompt = args["prompt"];
    if (prompt !== undefined) void lookForTask(app, prompt);
  });
  app.addEventListener("toolresult", takeResult);
  app.addEventListener("toolcancelled", () => {
    if (shownTask.value === undefined) emptyReason.value = "The call was cancelled.";
  });
  app.addEventListener("hostcontextchanged", () => takeContext(app));
  await app.connect();
  takeContext(app);
}

/** Shows the task that a result is about, lets the user choose if it is about several, or says why there is none. */
function takeResult({ structuredContent, isError, content }: AppEventMap["toolresult"]): void {
  const named = findNamedTasks(structuredContent, content);
  namedTasks.value = named;
  const isShown = named.some(({ id }) => id === shownTask.value);
  if (named.length > 0 && !isShown) shownTask.value = named.length === 1 ? named[0]?.id : undefined;
  if (named.length > 0) return;
  if (isError === true) {
    const { message, hint } = readToolFailure(content);
    shownTask.value = undefined;
    emptyReason.value = `${message} ${hint}`.trimEnd();
  } else if (shownTask.value === undefined) emptyReason.value = "This answer is about no task.";
}

function takeContext(app: App): void {
  const context = app.getHostContext() ?? {};
  applyHostLooks(context);
  const { displayMode = "inline", availableDisplayModes = [], containerDimensions: size } = context;
  displayModes.value = { offered: availableDisplayModes, current: displayMode };
  heightLimit.value = size === undefined ? undefined : "height" in size ? size.height : size.maxHeight;
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
