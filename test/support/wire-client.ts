import type { World } from "./world.ts";
import { BINARY } from "./world.ts";

/** A JSON-RPC message as it goes over the wire. */
export interface WireMessage {
  id?: number | string;
  method?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: { code: number; message: string; data?: Record<string, unknown> };
}

const VERSION = "io.modelcontextprotocol/protocolVersion";

/** A client that writes and reads the protocol's lines itself: what SDKs hide, and what they would never send. */
export class WireClient {
  readonly #server: Bun.Subprocess<"pipe", "pipe", "inherit">;
  #nextId = 0;
  readonly #waiting = new Set<() => void>();
  /** All that the server has sent, oldest first. */
  readonly received: WireMessage[] = [];

  constructor(world: World, more: Record<string, string> = {}) {
    this.#server = Bun.spawn([BINARY], {
      cwd: world.root,
      env: world.environment(more),
      stdio: ["pipe", "pipe", "inherit"],
    });
    void this.#read();
  }

  get pid(): number {
    return this.#server.pid;
  }

  /** Sends a message as it is. */
  send(message: WireMessage): void {
    this.sendLine(JSON.stringify({ jsonrpc: "2.0", ...message }));
  }

  /** Sends a line, whatever it holds. */
  sendLine(line: string): void {
    void this.#server.stdin.write(`${line}\n`);
    void this.#server.stdin.flush();
  }

  /** Asks, and waits for the answer; ids are counted from 0. */
  async ask(method: string, params?: Record<string, unknown>): Promise<WireMessage> {
    const id = this.#nextId++;
    this.send({ id, method, ...(params !== undefined && { params }) });
    return this.until((message) => message.id === id && message.method === undefined);
  }

  /** The same with the envelope of 2026-07-28. */
  async askModern(method: string, params: Record<string, unknown> = {}, meta: object = MODERN): Promise<WireMessage> {
    return this.ask(method, { ...params, _meta: { ...meta } });
  }

  /** Waits for a message. */
  async until(isIt: (message: WireMessage, index: number) => boolean): Promise<WireMessage> {
    const deadline = performance.now() + 60_000;
    for (;;) {
      const found = this.received.find(isIt);
      if (found !== undefined) return found;
      if (performance.now() > deadline) throw new Error(`it did not come: ${isIt.toString()}`);
      const news = new Promise<void>((resolve) => this.#waiting.add(resolve));
      await Promise.race([news, Bun.sleep(1000)]);
    }
  }

  /** The message that came after the first `count`. */
  async nextAfter(count: number): Promise<WireMessage> {
    return this.until((_, index) => index === count);
  }

  /** Ends the server by closing its input, or by a signal. @returns its exit code */
  async close(signal?: NodeJS.Signals): Promise<number> {
    if (signal === undefined) await this.#server.stdin.end();
    else this.#server.kill(signal);
    return this.#server.exited;
  }

  async #read(): Promise<void> {
    let rest = "";
    const decoder = new TextDecoder();
    for await (const chunk of this.#server.stdout) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      this.received.push(...lines.map((line) => JSON.parse(line) as WireMessage));
      for (const wakeUp of this.#waiting) wakeUp();
      this.#waiting.clear();
    }
  }
}

/** The envelope of a client that speaks 2026-07-28. */
export const MODERN = {
  [VERSION]: "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": {},
} as const;

/** The same of one that takes tasks for answers. */
export const WITH_TASKS = {
  ...MODERN,
  "io.modelcontextprotocol/clientCapabilities": { extensions: { "io.modelcontextprotocol/tasks": {} } },
} as const;
