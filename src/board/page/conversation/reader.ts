import { signal } from "@preact/signals";
import type { TaskPageData } from "#board/api/task.ts";
import type { ConversationLog } from "./conversation-log.ts";

/** State of one reader of a conversation. */
export class ConversationReader {
  readonly log: ConversationLog;
  /** Key of the entry that the keyboard is at. */
  readonly current = signal<number | undefined>(undefined);
  /** Entries that are open although they are closed at first, or the other way round. */
  readonly #toggled = signal<ReadonlySet<number>>(new Set());
  /** Entry whose whole text is shown. */
  readonly shownOutput = signal<{ at: number; title: string } | undefined>(undefined);
  /** Text that is searched and highlighted. */
  readonly sought = signal("");

  constructor(log: ConversationLog) {
    this.log = log;
  }

  /** Returns whether an entry is open. @param atFirst whether it is open at first */
  isOpen(key: number, atFirst = false): boolean {
    return this.#toggled.value.has(key) !== atFirst;
  }

  toggle(key: number): void {
    const next = new Set(this.#toggled.value);
    if (!next.delete(key)) next.add(key);
    this.#toggled.value = next;
  }

  /** Opens an entry that is closed at first. */
  open(key: number): void {
    if (!this.#toggled.value.has(key)) this.toggle(key);
  }
}

/** Properties of all views of entries. */
export interface EntryContext {
  reader: ConversationReader;
  task: TaskPageData;
  onOpenFile: ((path: string) => void) | undefined;
}
