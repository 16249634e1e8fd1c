/** Containers that are nested deeper are cut out of a message before it is parsed; what reads it refuses it for less. */
const MAX_PARSED_DEPTH = 200;
/** Numbers and identifiers longer than that are none of a client's. */
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
 * Looks at a JSON message byte by byte as it comes in, in constant memory: how deep and how large it is, before anything
 * parses it, and whose answer is to say so if it is too much.
 */
export class MessageScanner {
  /** Commas, colons and brackets that are not nested too deep: a measure of what parsing it makes. */
  tokens = 0;
  /** The parts that are nested too deep, as offsets. */
  readonly tooDeep: [start: number, end: number][] = [];
  #offset = 0;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  #isKey = true;
  /** The beginning of a key of the message itself, or of the value of one. */
  #word = "";
  #key = "";
  #id: string | undefined;

  /** Takes the next bytes, none of which is a line's end. */
  push(bytes: Buffer): void {
    // In local variables: this loop sees all that a client sends.
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
    this.#isInString = isInString;
    this.#isEscaped = isEscaped;
  }

  /** The message's own id; undefined where it has none that can be read. */
  get id(): string | number | undefined {
    try {
      const id: unknown = JSON.parse(this.#id ?? "null");
      return typeof id === "string" || typeof id === "number" ? id : undefined;
    } catch {
      return undefined;
    }
  }

  #count(): void {
    if (this.#depth <= MAX_PARSED_DEPTH) this.tokens++;
  }

  #enter(at: number): void {
    this.#count();
    this.#word = "";
    if (++this.#depth === MAX_PARSED_DEPTH + 1) this.tooDeep.push([this.#offset + at, Number.MAX_SAFE_INTEGER]);
  }

  #leave(at: number): void {
    const last = this.tooDeep.at(-1);
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

/** Returns a message without what is nested too deep in it. */
export function pruneMessage(line: Buffer, { tooDeep }: MessageScanner): Buffer {
  if (tooDeep.length === 0) return line;
  const parts: Buffer[] = [];
  let from = 0;
  for (const [start, end] of tooDeep) {
    parts.push(line.subarray(from, start), NOTHING);
    from = end;
  }
  return Buffer.concat([...parts, line.subarray(from)]);
}

const NOTHING = Buffer.from("null");
