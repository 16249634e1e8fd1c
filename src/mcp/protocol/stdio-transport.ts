import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { type JSONRPCMessage, JSONRPCMessageSchema } from "@modelcontextprotocol/sdk/types.js";
import { MessageScanner, pruneMessage } from "./message-scanner.ts";
import { RPC_CODES } from "./rpc-error.ts";

/** Time in which messages are handled before the event loop continues, in milliseconds. */
const YIELD_INTERVAL_MS = 20;
/** Number of waiting messages at which reading pauses. */
const MAX_WAITING = 1000;

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
    if (id === undefined) return this.#fail(new Error(message));
    void this.send({ jsonrpc: "2.0", id, error: { code: RPC_CODES.invalidRequest, message } });
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
      this.onmessage?.(JSONRPCMessageSchema.parse(JSON.parse(line.toString())));
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
