import type { App } from "@modelcontextprotocol/ext-apps";
import { useLayoutEffect, useMemo } from "preact/hooks";
import { ConnectionBanner } from "#board/page/layout/connection-banner.tsx";
import { KeyHelp } from "#board/page/parts/keys.tsx";
import { Notices, notifyFailure } from "#board/page/parts/notices.tsx";
import { VisibleText } from "#board/page/parts/visible-text.tsx";
import { TaskView } from "#board/page/task/task-view.tsx";
import { chatSource } from "./chat-source.ts";
import { emptyReason, hostContext, namedTasks, shownTask } from "./chat-state.ts";
import { answerOf } from "./host.ts";
import "./chat.css";
import "#board/page/layout/layout.css";
import "#board/page/parts/parts.css";

/** Heights of the view in the chat, in pixels. */
const HEIGHT = { task: 640, row: 40, list: 12, note: 56 } as const;

/** Shows the task that a tool's answer is about, or those among which to choose. */
export function ChatView({ app }: { app: App }) {
  const source = useMemo(() => chatSource(app), [app]);
  const id = shownTask.value;
  const tasks = namedTasks.value ?? [];
  // Whoever asks for the changes sees them first; where there is room, they are beside the conversation.
  const first = hostContext.value.toolInfo?.tool.name === "codex_diff" ? ({ firstTab: "changes" } as const) : {};
  const choice = tasks.length === 0 ? HEIGHT.note : HEIGHT.list + tasks.length * HEIGHT.row;
  useHeight(app, Math.min(id === undefined ? choice : HEIGHT.task, HEIGHT.task));
  return (
    <>
      <ChatBar app={app} />
      {id !== undefined && <ConnectionBanner />}
      <main id="main" tabIndex={-1}>
        {id === undefined ? <TaskChoice /> : <TaskView key={id} id={id} source={source} {...first} />}
      </main>
      <Notices />
      <KeyHelp />
    </>
  );
}

/** Says to the host how high the view would like to be. */
function useHeight(app: App, wanted: number): void {
  const allowed = hostContext.value.containerDimensions ?? {};
  const height = Math.min(wanted, ("height" in allowed ? allowed.height : allowed.maxHeight) ?? wanted);
  useLayoutEffect(() => void app.sendSizeChanged({ height }), [app, height]);
}

/** Shows the way back to the tasks among which to choose, and the button for the whole window. */
function ChatBar({ app }: { app: App }) {
  const { displayMode, availableDisplayModes: modes = [] } = hostContext.value;
  const isFullscreen = displayMode === "fullscreen";
  const otherMode = isFullscreen ? "inline" : "fullscreen";
  const others = namedTasks.value ?? [];
  const hasList = others.length > 1 && shownTask.value !== undefined;
  const canChange = modes.includes(otherMode);
  if (!hasList && !canChange) return null;
  const change = async () => {
    // The host may choose another mode.
    const { mode } = await answerOf(app.requestDisplayMode({ mode: otherMode }));
    hostContext.value = { ...hostContext.value, displayMode: mode };
  };
  return (
    <div class="chat-bar">
      {hasList && (
        <button type="button" class="quiet" onClick={() => (shownTask.value = undefined)}>
          ← All {others.length} tasks
        </button>
      )}
      {canChange && (
        <button type="button" class="quiet chat-mode" onClick={() => void change().catch(notifyFailure)}>
          {isFullscreen ? "Back to the chat" : "Full screen"}
        </button>
      )}
    </div>
  );
}

/** Shows the tasks among which to choose, or why there are none. */
function TaskChoice() {
  const tasks = namedTasks.value ?? [];
  if (emptyReason.value !== undefined && tasks.length === 0) {
    return (
      <p class="chat-note" role="status">
        <VisibleText text={emptyReason.value} />
      </p>
    );
  }
  if (tasks.length === 0) {
    return (
      <p class="chat-note weak" role="status">
        Waiting for Codex…
      </p>
    );
  }
  return (
    <ul class="chat-tasks" aria-label="Tasks">
      {tasks.map(({ id, title, status }) => (
        <li key={id}>
          <button type="button" onClick={() => (shownTask.value = id)}>
            <span class="chat-title">
              <VisibleText text={title} />
            </span>
            <span class="weak">
              <VisibleText text={status} />
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
