/** Largest depth that is parsed. Deeper containers are cut out first; the code that reads the message refuses lower depths, too. */
const MAX_PARSED_DEPTH = 200;
/** Largest message in bytes. The largest parameter, a prompt of 1 MiB, fits in any encoding. */
const MAX_BYTES = 4 * 1024 * 1024;
/** Largest number of tokens, which are parsed and checked within a few milliseconds. */
const MAX_TOKENS = 100_000;
/** Longest captured key or id in bytes. No client sends longer numbers or identifiers. */
const MAX_CAPTURED_BYTES = 256;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Scans a JSON message byte by byte as it arrives, in constant memory. Finds its depth and size before it is parsed,
 * and the id of the request to refuse if the message exceeds a limit.
 */
export class MessageScanner {
  /** Number of commas, colons and brackets after pruning: a measure of the cost of parsing. */
  #tokens = 0;
  /** Offsets of the parts that are nested too deep. */
  #tooDeep: [start: number, end: number][] = [];
  #offset = 0;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  #isKey = true;
  /** Beginning of a top-level key or of its value. */
  #word = "";
  #key = "";
  #id: string | undefined;

  /** Scans the next bytes, none of which is a line feed. */
  push(bytes: Buffer): void {
    // In local variables for speed: this loop runs over every byte that a client sends.
    let isInString = this.#isInString;
    let isEscaped = this.#isEscaped;
    let wordStart = 0;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at];
      if (isInString) {
        if (isEscaped) isEscaped = false;
        else if (byte === BACKSLASH) isEscaped = true;
        else if (byte === QUOTE) isInString = false;
      } else if (byte === QUOTE) isInString = true;
      else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
        this.#enter(at);
        wordStart = at + 1;
      } else if (byte === COMMA || byte === COLON || byte === CLOSE_LIST || byte === CLOSE_OBJECT) {
        if (this.#depth === 1) this.#endWord(bytes.subarray(wordStart, at), byte !== COLON);
        if (byte === COMMA || byte === COLON) this.#count();
        else this.#leave(at);
        wordStart = at + 1;
      }
    }
    if (this.#depth === 1) this.#addToWord(bytes.subarray(wordStart));
    this.#offset += bytes.length;
    if (this.excess !== undefined) this.#tooDeep = [];
    this.#isInString = isInString;
    this.#isEscaped = isEscaped;
  }

  /** Returns why the message must be refused, in words; undefined if it must not. */
  get excess(): string | undefined {
    if (this.#offset > MAX_BYTES) return `has more than ${MAX_BYTES} bytes`;
    return this.#tokens > MAX_TOKENS ? "contains too many values" : undefined;
  }

  /** Returns the offsets of the parts that are nested too deep; none if the message must be refused. */
  get tooDeep(): readonly (readonly [start: number, end: number])[] {
    return this.#tooDeep;
  }

  /** Returns the message's own id in JSON, as the client wrote it. */
  get idText(): string | undefined {
    return this.#id;
  }

  /** Returns the message's own id; undefined if it has none or it is invalid. */
  get id(): string | number | undefined {
    try {
      const id: unknown = JSON.parse(this.#id ?? "null");
      return typeof id === "string" || typeof id === "number" ? id : undefined;
    } catch {
      return undefined;
    }
  }

  #count(): void {
    if (this.#depth <= MAX_PARSED_DEPTH) this.#tokens++;
  }

  #enter(at: number): void {
    // The outermost container that is too deep counts, because a value replaces it.
    this.#count();
    this.#word = "";
    if (++this.#depth !== MAX_PARSED_DEPTH + 1 || this.excess !== undefined) return;
    this.#tooDeep.push([this.#offset + at, Number.MAX_SAFE_INTEGER]);
  }

  #leave(at: number): void {
    const last = this.#tooDeep.at(-1);
    if (this.#depth === MAX_PARSED_DEPTH + 1 && last !== undefined) last[1] = this.#offset + at + 1;
    this.#depth--;
  }

  #addToWord(bytes: Buffer): void {
    const left = MAX_CAPTURED_BYTES - this.#word.length;
    if (left > 0) this.#word += bytes.subarray(0, left).toString("latin1");
  }

  #endWord(rest: Buffer, isNextKey: boolean): void {
    this.#addToWord(rest);
    const word = Buffer.from(this.#word, "latin1").toString().trim();
    this.#word = "";
    if (this.#isKey) this.#key = word;
    else if (this.#key === '"id"') this.#id = word;
    this.#isKey = isNextKey;
  }
}

/** Returns a message in which `null` replaces each part that is nested too deep. */
export function pruneMessage(line: Buffer, { tooDeep }: MessageScanner): Buffer {
  if (tooDeep.length === 0) return line;
  const cut = tooDeep.reduce((sum, [start, end]) => sum + Math.min(end, line.length) - start, 0);
  const pruned = Buffer.allocUnsafe(line.length - cut + tooDeep.length * NOTHING.length);
  let [from, to] = [0, 0];
  for (const [start, end] of tooDeep) {
    to += line.copy(pruned, to, from, start);
    to += NOTHING.copy(pruned, to);
    from = Math.min(end, line.length);
  }
  line.copy(pruned, to, from);
  return pruned;
}

const NOTHING = Buffer.from("null");
