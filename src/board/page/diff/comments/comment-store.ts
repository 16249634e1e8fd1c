import { signal } from "@preact/signals";
import { keepStored, readStored } from "#board/page/state/stored.ts";
import type { LineComment, LineRange } from "./line-comment.ts";

/** Form for a comment: a new one, or one that is changed. */
export interface CommentDraft extends LineRange {
  /** Comment that is changed, and the lines that it quoted. */
  edits?: string;
  quoted?: string[];
  text: string;
}

interface Kept {
  comments: LineComment[];
  draft?: CommentDraft;
}

/** Comments on a task's changes, kept in the browser's session until they are sent. */
export class CommentStore {
  readonly comments = signal<readonly LineComment[]>([]);
  readonly draft = signal<CommentDraft | undefined>(undefined);
  readonly #name: string;

  constructor(taskId: string) {
    this.#name = `comments:${taskId}`;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written below
    const kept = readStored("window", this.#name) as Kept | undefined;
    this.comments.value = kept?.comments ?? [];
    this.draft.value = kept?.draft;
  }

  /** Opens the form for a comment; the text of an open one moves with it. */
  open(range: LineRange): void {
    const { text, edits } = this.draft.value ?? { text: "" };
    this.#write({ ...range, text, ...(edits !== undefined && { edits }) });
  }

  /** Opens the form with a comment's text. */
  edit({ id, path, side, first, last, text, quoted }: LineComment): void {
    this.#write({ path, side, first, last, text, quoted, edits: id });
  }

  /** Keeps what was typed. */
  type(text: string): void {
    const draft = this.draft.value;
    if (draft !== undefined) this.#write({ ...draft, text });
  }

  /** Closes the form and forgets its text. */
  close(): void {
    this.#write(undefined);
  }

  /** Makes a comment of the form's text. */
  save(quoted: string[]): void {
    const draft = this.draft.value;
    if (draft === undefined || draft.text.trim() === "") return;
    const { edits, text, quoted: _before, ...range } = draft;
    const others = this.comments.value.filter(({ id }) => id !== edits);
    const comment = { ...range, id: crypto.randomUUID(), quoted, text: text.trim() };
    this.#write(undefined, [...others, comment].toSorted(compare));
  }

  /** Removes comments: one that the user deletes, or all that were sent. */
  remove(ids: readonly string[]): void {
    const left = this.comments.value.filter(({ id }) => !ids.includes(id));
    this.#write(this.draft.value, left);
  }

  #write(draft: CommentDraft | undefined, comments = this.comments.value): void {
    this.draft.value = draft;
    this.comments.value = comments;
    const kept: Kept = { comments: [...comments], ...(draft !== undefined && { draft }) };
    const isEmpty = comments.length === 0 && draft === undefined;
    keepStored("window", this.#name, isEmpty ? undefined : kept);
  }
}

function compare(a: LineRange, b: LineRange): number {
  if (a.path !== b.path) return a.path < b.path ? -1 : 1;
  return a.first - b.first;
}
