import { type RequestError, toRequestError } from "#board/page/source/request-error.ts";
import { computed, signal } from "@preact/signals";
import type { LogEntry, LogWindow, SearchResult, WindowQuery } from "#board/api/conversation.ts";
import { joinEntries } from "#board/api/join-entries.ts";
import type { PageSource } from "#board/page/source/page-source.ts";

/** Largest weight of what is kept, see {@link weigh}; windows far away from the reader are dropped. */
const MAX_WEIGHT = 2000;
/** Largest weight of windows that are kept as one. */
const MAX_WINDOW_WEIGHT = 400;
/** Length of the texts that weigh as much as an entry, in characters. */
const TEXT_WEIGHT = 8192;
/** Largest number of windows that one step loads: some have no entries. */
const MAX_READS = 20;

/** Conversation of one run, of which a part is loaded: adjacent windows of its log. */
export class ConversationLog {
  readonly id: string;
  readonly run: number;
  readonly #source: PageSource;
  readonly #windows = signal<readonly LogWindow[]>([]);
  #work: Promise<void> = Promise.resolve();
  #isReadingEarlier = false;
  #isReadingLater = false;

  /** Failure of the last request. */
  readonly failure = signal<RequestError | undefined>(undefined);
  /** Whether anything was read. */
  readonly isReady = signal(false);
  /** Whether the end of the log is loaded. */
  readonly hasEnd = signal(false);
  readonly hasStart = computed(() => (this.#windows.value[0]?.start ?? 0) === 0);
  readonly entries = computed(() => joinEntries(this.#windows.value.flatMap(({ entries }) => entries)));

  constructor(source: PageSource, id: string, run: number) {
    this.#source = source;
    this.id = id;
    this.run = run;
  }

  /** Loads the end of the log, and nothing else. */
  async openEnd(): Promise<void> {
    return this.#do(async () => {
      const window = await this.#read({});
      this.#windows.value = [window];
      this.hasEnd.value = true;
      if (this.entries.value.length < MIN_NEW_ENTRIES) await this.#readEarlier();
    });
  }

  /** Loads what precedes, if anything does. */
  async loadEarlier(): Promise<void> {
    if (this.#isReadingEarlier || this.hasStart.value) return;
    this.#isReadingEarlier = true;
    await this.#do(async () => this.#readEarlier());
    this.#isReadingEarlier = false;
  }

  /** Loads what follows, or what has been added. */
  async loadLater(): Promise<void> {
    if (this.#isReadingLater) return;
    this.#isReadingLater = true;
    await this.#do(async () => {
      this.#isReadingLater = false;
      await this.#readLater();
    });
  }

  /** Loads the part of the log that has the entry whose last line ends at an offset. */
  async openAt(at: number): Promise<void> {
    if (this.#windows.value.some(({ start, end }) => start < at && at <= end)) return;
    return this.#do(async () => {
      this.#windows.value = [await this.#read({ before: at })];
      this.hasEnd.value = false;
      await this.#readLater(1);
    });
  }

  async readOutput(at: number): Promise<string> {
    return this.#source.readOutput(this.id, this.run, at);
  }

  async search(query: string): Promise<SearchResult> {
    return this.#source.search(this.id, query, this.run);
  }

  async #read(query: WindowQuery): Promise<LogWindow> {
    return this.#source.readLog(this.id, { run: this.run, ...query });
  }

  /** Does one thing after the other: each depends on what is loaded. */
  async #do(work: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(async () => {
      try {
        await work();
        this.failure.value = undefined;
        this.isReady.value = true;
      } catch (error) {
        this.failure.value = toRequestError(error);
      }
    });
    return this.#work;
  }

  /** Reads what precedes until there is something to show. */
  async #readEarlier(): Promise<void> {
    const before = this.entries.value.length;
    for (let reads = 0; reads < MAX_READS && !this.hasStart.value; reads++) {
      const [first] = this.#windows.value;
      const window = await this.#read({ before: first?.start ?? 0 });
      if (window.start >= (first?.start ?? 0)) return;
      this.#keep([window, ...this.#windows.value], "start");
      if (this.entries.value.length > before + MIN_NEW_ENTRIES) return;
    }
  }

  async #readLater(maxReads = MAX_READS): Promise<void> {
    for (let reads = 0; reads < maxReads; reads++) {
      const end = this.#windows.value.at(-1)?.end ?? 0;
      const window = await this.#read({ after: end });
      if (window.size < end) {
        // Another log has taken the place of this one.
        this.#windows.value = [await this.#read({})];
        this.hasEnd.value = true;
        return;
      }
      if (window.end > end) this.#keep([...this.#windows.value, window], "end");
      this.hasEnd.value = window.end <= end || window.end === window.size;
      if (this.hasEnd.value) return;
    }
  }

  /** Sets the windows, without those that are furthest from a side if there are too many entries. */
  #keep(windows: readonly LogWindow[], side: "start" | "end"): void {
    const kept = joinSmall(windows);
    let weight = kept.reduce((sum, window) => sum + weigh(window), 0);
    while (weight > MAX_WEIGHT && kept.length > 1) {
      const dropped = side === "end" ? kept.shift() : kept.pop();
      weight -= dropped === undefined ? 0 : weigh(dropped);
      if (side === "start") this.hasEnd.value = false;
    }
    this.#windows.value = kept;
  }
}

/** Number of entries that loading what precedes adds at least, if there are so many. */
const MIN_NEW_ENTRIES = 20;

/** Returns windows with small ones joined to their neighbours. */
function joinSmall(windows: readonly LogWindow[]): LogWindow[] {
  const joined: LogWindow[] = [];
  for (const window of windows) {
    const last = joined.at(-1);
    if (last === undefined || weigh(last) + weigh(window) > MAX_WINDOW_WEIGHT) {
      joined.push(window);
      continue;
    }
    joined[joined.length - 1] = {
      ...window,
      start: last.start,
      entries: joinEntries(last.entries.concat(window.entries)),
    };
  }
  return joined;
}

/** Returns the number of a window's entries, of which those with long texts count as several. */
function weigh({ entries }: LogWindow): number {
  return entries.reduce((sum, entry) => sum + 1 + Math.floor(lengthOf(entry) / TEXT_WEIGHT), 0);
}

function lengthOf({ text = "", command, files = [] }: LogEntry): number {
  const diffs = files.reduce((sum, { path, diff = "" }) => sum + path.length + diff.length, 0);
  return text.length + (command?.command.length ?? 0) + diffs;
}
