/** Containers that are nested deeper are cut out of a message before it is parsed; what reads it refuses it for less. */
const MAX_PARSED_DEPTH = 200;
/** Numbers and identifiers longer than that are none of a client's. */
const MAX_CAPTURED_BYTES = 256;

const [QUOTE, BACKSLASH, COMMA, COLON, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = Buffer.from('"\\,:[]{}');

/**
 * Looks at a JSON message byte by byte as it comes in, in constant memory: how deep and how large it is, before anything
 * parses it, and whose answer is to say so if it is too much.
 */
export class MessageScanner {
  /** Commas, colons and brackets: a measure of what parsing it makes. */
  tokens = 0;
  /** The parts that are nested too deep, as offsets. */
  readonly tooDeep: [start: number, end: number][] = [];
  #offset = 0;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  #isKey = true;
  #word: number[] = [];
  #key = "";
  #id: string | undefined;

  /** Takes the next bytes, none of which is a line's end. */
  push(bytes: Uint8Array): void {
    for (const byte of bytes) {
      this.#take(byte);
      this.#offset++;
    }
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

  #take(byte: number): void {
    if (this.#isInString) return this.#takeInString(byte);
    if (byte === QUOTE) this.#isInString = true;
    if (byte === OPEN_LIST || byte === OPEN_OBJECT) return this.#enter();
    if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) return this.#leave();
    if (byte === COMMA || byte === COLON) {
      this.tokens++;
      if (this.#depth === 1) this.#endWord(byte === COMMA);
    } else this.#capture(byte);
  }

  #takeInString(byte: number): void {
    this.#capture(byte);
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === BACKSLASH) this.#isEscaped = true;
    else if (byte === QUOTE) this.#isInString = false;
  }

  #enter(): void {
    this.tokens++;
    if (++this.#depth === MAX_PARSED_DEPTH + 1) this.tooDeep.push([this.#offset, Number.MAX_SAFE_INTEGER]);
  }

  #leave(): void {
    const last = this.tooDeep.at(-1);
    if (this.#depth === MAX_PARSED_DEPTH + 1 && last !== undefined) last[1] = this.#offset + 1;
    if (this.#depth === 1) this.#endWord(true);
    this.#depth--;
  }

  #capture(byte: number): void {
    if (this.#depth === 1 && this.#word.length < MAX_CAPTURED_BYTES) this.#word.push(byte);
  }

  /** A key of the message itself, or the value of one. */
  #endWord(isNextKey: boolean): void {
    const word = Buffer.from(this.#word).toString().trim();
    this.#word = [];
    if (this.#isKey) this.#key = word;
    else if (this.#key === '"id"') this.#id = word;
    this.#isKey = isNextKey;
  }
}

/** A message without what is nested too deep in it. */
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
