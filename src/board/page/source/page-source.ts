import type {
  AnswerBody,
  DiscardBody,
  MergeBody,
  MergePreview,
  MergeResult,
  PreviewBody,
  SendBody,
  SendResult,
} from "#board/api/actions.ts";
import type { ActionResult } from "#board/api/actions.ts";
import type { DiffOverview, DiffSince, PatchQuery } from "#board/api/changes.ts";
import type { LogWindow, SearchResult, WindowQuery } from "#board/api/conversation.ts";
import type { TaskPageData } from "#board/api/task.ts";

/** Actions on a task. Each rejects with a `RequestError` if it is refused. */
export interface TaskActions {
  send: (id: string, body: SendBody) => Promise<SendResult>;
  answer: (id: string, body: AnswerBody) => Promise<ActionResult>;
  cancel: (id: string) => Promise<ActionResult>;
  previewMerge: (id: string, body?: PreviewBody) => Promise<MergePreview>;
  merge: (id: string, body: MergeBody) => Promise<MergeResult>;
  discard: (id: string, body?: DiscardBody) => Promise<ActionResult>;
  restore: (id: string) => Promise<ActionResult>;
  openInEditor: (id: string, path?: string) => Promise<ActionResult>;
}

/** Source of the data of a task's page: a board, an exported file, or a chat client. */
export interface PageSource {
  kind: "board" | "export" | "chat";
  /** Actions, if the source allows any. */
  actions: TaskActions | undefined;
  /** Passes comments on lines to the task in another way than by an action, if the source can. */
  comment?: ((id: string, message: string) => Promise<void>) | undefined;
  readTask: (id: string) => Promise<TaskPageData>;
  readLog: (id: string, query: WindowQuery) => Promise<LogWindow>;
  /** Reads the whole text or output of an entry. */
  readOutput: (id: string, run: number, at: number) => Promise<string>;
  /** Searches a run, by default the current one. */
  search: (id: string, query: string, run?: number) => Promise<SearchResult>;
  readDiff: (id: string, since: DiffSince) => Promise<DiffOverview>;
  readPatch: (id: string, query: PatchQuery) => Promise<string>;
  /** Calls back when the task or its log has changed, until the returned function is called. */
  follow: (id: string, onChange: () => void) => () => void;
}
