import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { JSONRPCMessage, RequestId } from "@modelcontextprotocol/sdk/types.js";
import { MessageScanner, pruneMessage } from "./message-scanner.ts";
import { emptyBatch, noBatch, notJson, readMessage, type Refusal } from "./read-message.ts";
import { RPC_CODES } from "./rpc-error.ts";

/** Time in which messages are handled before the event loop continues, in milliseconds. */
const YIELD_INTERVAL_MS = 20;
/** Number of waiting messages at which reading pauses. */
const MAX_WAITING = 1000;

/** Protocol revision that has batches; no other has. */
const BATCH_VERSION = "2025-03-26";

/** Batch of requests: those without an answer, and the answers so far. */
interface Batch {
  ids: Set<RequestId>;
  responses: unknown[];
}

const LINE_END = 0x0a;
const NOTHING = Buffer.alloc(0);

/**
 * Connection to a client over standard input and output. Unlike the SDK's, it stays open whatever the client sends. A
 * message that is too large or too deep is refused by its id, and no message delays the others.
 */
export class StdioTransport implements Transport {
  onmessage?: (message: JSONRPCMessage) => void;
  onclose?: () => void;
  onerror?: (error: Error) => void;
  /** Beginning of a message, in a buffer with spare capacity. Chunks are not kept: there may be one for each byte. */
  #line = NOTHING;
  #lineBytes = 0;
  #scanner = new MessageScanner();
  readonly #waiting: Buffer[] = [];
  /** Version of the protocol that was agreed on. */
  #version: string | undefined;
  /** Batches whose requests are not all answered, by the ids of those that are not. */
  readonly #batches = new Map<RequestId, Batch>();
  #isHandling = false;
  #isPaused = false;

  async start(): Promise<void> {
    process.stdin.on("data", this.#receive);
    process.stdin.on("error", this.#fail);
  }

  async close(): Promise<void> {
    process.stdin.off("data", this.#receive).off("error", this.#fail);
    process.stdin.pause();
    this.onclose?.();
  }

  async send(message: JSONRPCMessage): Promise<void> {
    this.#version = negotiatedVersion(message) ?? this.#version;
    if (this.#collect(message)) return;
    if (process.stdout.write(`${JSON.stringify(message)}\n`)) return;
    await new Promise<void>((resolve) => process.stdout.once("drain", resolve));
  }

  /** Resolves when all received messages have been handled. */
  async drained(): Promise<void> {
    while (this.#isHandling) await Bun.sleep(1);
  }

  readonly #fail = (error: Error): void => this.onerror?.(error);

  readonly #receive = (chunk: Buffer): void => {
    let from = 0;
    for (let end = chunk.indexOf(LINE_END); end >= 0; end = chunk.indexOf(LINE_END, from)) {
      this.#append(chunk.subarray(from, end));
      this.#endLine();
      from = end + 1;
    }
    this.#append(chunk.subarray(from));
    if (!this.#isHandling) void this.#handleAll();
    if (this.#waiting.length < MAX_WAITING || this.#isPaused) return;
    this.#isPaused = true;
    process.stdin.pause();
  };

  #append(bytes: Buffer): void {
    this.#scanner.push(bytes);
    const size = this.#lineBytes + bytes.length;
    if (this.#scanner.excess !== undefined) this.#line = NOTHING;
    else {
      if (size > this.#line.length) {
        const larger = Buffer.allocUnsafeSlow(this.#lineBytes === 0 ? size : size * 2);
        this.#line.copy(larger, 0, 0, this.#lineBytes);
        this.#line = larger;
      }
      bytes.copy(this.#line, this.#lineBytes);
    }
    this.#lineBytes = size;
  }

  #endLine(): void {
    const [bytes, scanner, line] = [this.#lineBytes, this.#scanner, this.#line];
    [this.#lineBytes, this.#scanner, this.#line] = [0, new MessageScanner(), NOTHING];
    const { excess } = scanner;
    if (excess !== undefined) this.#refuse(scanner, excess);
    else if (bytes > 0) this.#waiting.push(pruneMessage(line.subarray(0, bytes), scanner));
  }

  #refuse({ id }: MessageScanner, what: string): void {
    const message = `The message ${what}; put long text into a file and name the file.`;
    this.#write({ jsonrpc: "2.0", id: id ?? null, error: { code: RPC_CODES.invalidRequest, message } });
  }

  async #handleAll(): Promise<void> {
    this.#isHandling = true;
    let began = performance.now();
    for (let line = this.#waiting.shift(); line !== undefined; line = this.#waiting.shift()) {
      this.#handle(line);
      if (performance.now() - began < YIELD_INTERVAL_MS) continue;
      await new Promise((resolve) => setImmediate(resolve));
      began = performance.now();
    }
    this.#isHandling = false;
    if (!this.#isPaused) return;
    this.#isPaused = false;
    process.stdin.resume();
  }

  #handle(line: Buffer): void {
    try {
      const text = line.toString().replace(/^\uFEFF/, "");
      if (text.trim() === "") return;
      const json = parseJson(text);
      if (json === undefined) return this.#write(notJson(scan(line).id));
      if (Array.isArray(json)) return this.#handleBatch(json);
      const read = readMessage(json);
      if ("message" in read) this.#deliver(read.message);
      else if (read.refusal !== undefined) this.#writeRefusal(read.refusal, line);
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Handles the messages of a batch. The responses to its requests are sent together. */
  #handleBatch(batch: readonly unknown[]): void {
    if (batch.length === 0) return this.#write(emptyBatch());
    if (this.#version !== BATCH_VERSION) {
      const refusals = batch.map((json) => noBatch(json, this.#version)).filter((each) => each !== undefined);
      for (const refusal of refusals.length > 0 ? refusals : [noBatch(undefined, this.#version)]) this.#write(refusal);
      return;
    }
    const read = batch.map(readMessage);
    const messages = read.flatMap((each) => ("message" in each ? [each.message] : []));
    const given = messages.flatMap((message) => ("method" in message && "id" in message ? [message.id] : []));
    // A response to an id that another batch waits for belongs to that one.
    const ids = new Set(given.filter((id) => !this.#batches.has(id)));
    const responses = read.flatMap((each) => ("refusal" in each && each.refusal !== undefined ? [each.refusal] : []));
    const open: Batch = { ids, responses };
    for (const id of ids) this.#batches.set(id, open);
    if (ids.size === 0 && responses.length > 0) this.#write(responses);
    for (const message of messages) this.#deliver(message);
  }

  #deliver(message: JSONRPCMessage): void {
    this.onmessage?.(message);
    // A cancelled request gets no response.
    if (!("method" in message) || message.method !== "notifications/cancelled") return;
    const id = message.params?.["requestId"];
    if (typeof id === "string" || typeof id === "number") this.#complete(id);
  }

  /** Counts a request of a batch as done, and sends the responses if it was the last. */
  #complete(id: RequestId, response?: unknown): boolean {
    const batch = this.#batches.get(id);
    if (batch === undefined) return false;
    this.#batches.delete(id);
    batch.ids.delete(id);
    if (response !== undefined) batch.responses.push(response);
    if (batch.ids.size === 0 && batch.responses.length > 0) this.#write(batch.responses);
    return true;
  }

  /** Keeps a response for its batch. @returns false if it belongs to none */
  #collect(message: JSONRPCMessage): boolean {
    if (!("id" in message) || "method" in message || message.id === undefined) return false;
    return this.#complete(message.id, message);
  }

  /** Writes a refusal with the id as the client wrote it: a number may be larger than this program can represent. */
  #writeRefusal(refusal: Refusal, line: Buffer): void {
    const isExact = typeof refusal.id !== "number" || Number.isSafeInteger(refusal.id);
    const id = isExact ? undefined : scan(line).idText;
    if (id === undefined) return this.#write(refusal);
    process.stdout.write(`{"jsonrpc":"2.0","id":${id},"error":${JSON.stringify(refusal.error)}}\n`);
  }

  #write(json: unknown): void {
    if (json !== undefined) process.stdout.write(`${JSON.stringify(json)}\n`);
  }
}

function scan(line: Buffer): MessageScanner {
  const scanner = new MessageScanner();
  scanner.push(line);
  return scanner;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Returns the version that the response to `initialize` names. */
function negotiatedVersion(message: JSONRPCMessage): string | undefined {
  if (!("result" in message)) return undefined;
  const version = message.result["protocolVersion"];
  return typeof version === "string" ? version : undefined;
}
