import { signal } from "@preact/signals";
import { createRef } from "preact";
import type { SearchHit } from "#board/api/conversation.ts";
import type { VirtualListHandle } from "#board/page/parts/virtual-list.tsx";
import { highlightText } from "./highlight.ts";
import type { ConversationReader } from "./reader.ts";
import { type ConversationRow, findEntryRow } from "./rows.ts";

/** Number of frames after which a row that was scrolled to is visible, at most, and for how many it must be. */
const MAX_FRAMES = 30;
const STABLE_FRAMES = 3;
/** Number of rows before an edge of what is loaded at which more is loaded. */
const EDGE_ROWS = 12;

/** Control of the list of a conversation: where it is scrolled to, and what is loaded for it. */
export class ListControl {
  readonly reader: ConversationReader;
  /** Handle of the list, which the list sets. */
  readonly handle = createRef<VirtualListHandle>();
  rows: readonly ConversationRow[] = [];
  /** Whether the end of the conversation is visible. */
  readonly isAtEnd = signal(true);
  /** Last row when the end was visible. */
  readonly lastSeen = signal<number | undefined>(undefined);
  #isOpened = false;
  /** Number of movements to a row: meanwhile nothing is loaded, because rows would get other indices. */
  #movements = 0;
  #isNoting = false;
  #range = { first: 0, last: 0 };

  constructor(reader: ConversationReader) {
    this.reader = reader;
  }

  /** Takes new rows. The first ones are shown at their end. */
  take(rows: readonly ConversationRow[]): void {
    this.rows = rows;
    if (!this.#isOpened && rows.length > 0) {
      this.#isOpened = true;
      void this.#moveTo(rows.length - 1, "end");
    }
    if (this.isAtEnd.value) this.lastSeen.value = rows.at(-1)?.key;
    this.highlight();
  }

  /** Loads more if the visible rows are near an edge of what is loaded. */
  takeRange(first: number, last: number): void {
    this.#range = { first, last };
    requestAnimationFrame(() => this.highlight());
    if (!this.#isOpened || this.#movements > 0) return;
    const { log } = this.reader;
    if (first <= EDGE_ROWS && !log.hasStart.value) void log.loadEarlier();
    if (last >= this.rows.length - EDGE_ROWS && !log.hasEnd.value) void log.loadLater();
  }

  /** Notes soon whether the end is visible: after the frame, when looking needs no layout of its own. */
  takeScroll(): void {
    if (this.#isNoting) return;
    this.#isNoting = true;
    requestAnimationFrame(() =>
      setTimeout(() => {
        this.#isNoting = false;
        this.#noteScroll();
      }),
    );
  }

  #noteScroll(): void {
    if (this.#movements > 0) return;
    const isAtEnd = this.reader.log.hasEnd.value && this.handle.current?.isAtEnd() === true;
    if (isAtEnd) this.lastSeen.value = this.rows.at(-1)?.key;
    this.isAtEnd.value = isAtEnd;
  }

  async goToEnd(): Promise<void> {
    const { log } = this.reader;
    if (!log.hasEnd.value) {
      await log.openEnd();
      await nextFrame();
    }
    this.isAtEnd.value = true;
    this.lastSeen.value = this.rows.at(-1)?.key;
    await this.#focus(this.rows.length - 1, "end");
  }

  async goToHit({ at, kind }: SearchHit): Promise<void> {
    this.isAtEnd.value = false;
    await this.reader.log.openAt(at);
    await nextFrame();
    const index = findEntryRow(this.rows, at);
    const row = this.rows[index];
    if (row === undefined) return;
    if (kind === "command" || kind === "check") this.reader.open(row.key);
    await this.#focus(index, "center", false);
    this.highlight();
  }

  /** Moves from the current entry to one after or before it. */
  step(by: 1 | -1): void {
    const index = this.rows.findIndex(({ key }) => key === this.reader.current.value);
    const from = index >= 0 ? index : this.#firstVisible() - by;
    const next = Math.min(this.rows.length - 1, Math.max(0, from + by));
    void this.#focus(next, "auto");
  }

  toggleCurrent(): void {
    const key = this.reader.current.value;
    const row = this.rows.find((each) => each.key === key);
    if (row === undefined) return;
    // The button of the row knows whether it opens.
    this.#element(row.key)?.querySelector<HTMLElement>("[aria-expanded]")?.click();
  }

  highlight(): void {
    highlightText(this.handle.current?.element() ?? null, this.reader.sought.value);
  }

  #element(key: number): HTMLElement | null {
    return this.handle.current?.element()?.querySelector<HTMLElement>(`[data-key="${key}"]`) ?? null;
  }

  #firstVisible(): number {
    const list = this.handle.current?.element();
    const top = list?.getBoundingClientRect().top ?? 0;
    const rows = [...(list?.querySelectorAll<HTMLElement>("[data-key]") ?? [])];
    const key = rows.find((row) => row.getBoundingClientRect().bottom > top)?.dataset["key"];
    return Math.max(
      0,
      this.rows.findIndex((row) => String(row.key) === key),
    );
  }

  /** Scrolls to a row and makes it the current one. @param hasFocus whether it gets the focus of the keyboard, too */
  async #focus(index: number, align: "auto" | "center" | "end", hasFocus = true): Promise<void> {
    const key = this.rows[index]?.key;
    if (key === undefined) return;
    this.reader.current.value = key;
    await this.#moveTo(index, align);
    if (hasFocus && this.reader.current.value === key) this.#element(key)?.focus({ preventScroll: true });
  }

  /** Scrolls to a row and waits until it is visible: its place is only known when the rows around it are measured. */
  async #moveTo(index: number, align: "auto" | "center" | "end"): Promise<void> {
    const key = this.rows[index]?.key;
    if (key === undefined) return;
    this.#movements++;
    this.handle.current?.scrollTo(index, align);
    let stable = 0;
    for (let frame = 0; frame < MAX_FRAMES && stable < STABLE_FRAMES; frame++) {
      await nextFrame();
      stable = this.#isVisible(key) ? stable + 1 : 0;
    }
    this.#movements--;
    this.#noteScroll();
    this.takeRange(this.#range.first, this.#range.last);
  }

  #isVisible(key: number): boolean {
    const list = this.handle.current?.element()?.getBoundingClientRect();
    const row = this.#element(key)?.getBoundingClientRect();
    return list !== undefined && row !== undefined && row.bottom > list.top && row.top < list.bottom;
  }
}

async function nextFrame(): Promise<void> {
  await new Promise((resolve) => requestAnimationFrame(resolve));
}
