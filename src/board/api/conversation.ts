/** Kinds of entries of a conversation. */
export type LogEntryKind =
  | "prompt"
  | "message"
  | "thought"
  | "plan"
  | "command"
  | "patch"
  | "tool"
  | "search"
  | "sent"
  | "question"
  | "answer"
  | "check"
  | "quota"
  | "turn"
  | "goal"
  | "error"
  | "unread";

/** File that a patch changes. */
export interface PatchFile {
  path: string;
  /** Change as Codex names it: `add`, `delete`, `update`. */
  kind: string;
  /** The change as a unified diff without file headers, if the engine reports it. */
  diff?: string;
}

/** Entry of a conversation: an event of the log, or a group of events about one item. */
export interface LogEntry {
  /** Offset in the log after its last event, in bytes; it identifies the entry within its run. */
  at: number;
  /** Offset after its first event, if it has several. */
  first?: number;
  kind: LogEntryKind;
  /** Id of the item, for entries that are reported several times; only unique within a turn. */
  item?: string;
  /** Time at which it was written, if known. */
  time?: string;
  /** Time of its first event, if it has several. */
  began?: string;
  /** Markdown for messages and thoughts, plain text for everything else. Control characters are as Codex wrote them. */
  text?: string;
  /** Whether the text is only the beginning: the whole is at `/api/tasks/<id>/output`. */
  is_cut?: true;
  /** State of an item: `in_progress`, `completed`, `failed`, `declined`. */
  status?: string;
  /** Command, and the beginning of its output. */
  command?: { command: string; exit_code?: number; output: string; output_bytes: number; seconds?: number };
  /** Steps of a plan. */
  steps?: { text: string; is_done: boolean }[];
  files?: PatchFile[];
  check?: { command: string; attempt: number; passed?: boolean; exit_code?: number; seconds?: number };
  /** Id of the question that this is, or that it answers. */
  question?: string;
  /** Name of the client or program that answered. */
  by?: string;
}

/** Part of a run's conversation. */
export interface LogWindow {
  run: number;
  entries: LogEntry[];
  /** Offsets in the log between which the events lie, in bytes: pass `start` as `before` for what precedes, `end` as `after` for what follows. */
  start: number;
  end: number;
  /** Size of the log in bytes when it was read. */
  size: number;
}

/** Request of a window: the end of the log by default. */
export interface WindowQuery {
  run?: number | undefined;
  before?: number | undefined;
  after?: number | undefined;
}

/** Place in a conversation at which a text occurs. */
export interface SearchHit {
  run: number;
  at: number;
  kind: LogEntryKind;
  /** The text around it. */
  excerpt: string;
}

/** Result of a search in a run's conversation. */
export interface SearchResult {
  hits: SearchHit[];
  /** Whether there are more. */
  is_cut: boolean;
}
