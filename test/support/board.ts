import type { Subprocess } from "bun";
import { KEY_HEADER } from "#board/api/failure.ts";
import { BINARY, type World } from "./world.ts";

/** A board that runs in a world. */
export class TestBoard {
  readonly address: string;
  readonly #process: Subprocess<"ignore", "pipe", "pipe">;

  private constructor(process: Subprocess<"ignore", "pipe", "pipe">, address: string) {
    this.#process = process;
    this.address = address;
  }

  /** Starts `board --no-open` and waits for its address. */
  static async start(
    world: World,
    args: readonly string[] = [],
    more: Record<string, string | undefined> = {},
  ): Promise<TestBoard> {
    const started = Bun.spawn([BINARY, "board", "--no-open", ...args], {
      cwd: world.root,
      env: world.environment(more),
      stdio: ["ignore", "pipe", "pipe"],
    });
    let text = "";
    for await (const chunk of started.stdout) {
      text += new TextDecoder().decode(chunk);
      if (text.includes("\n")) break;
    }
    if (!text.startsWith("http")) throw new Error(`the board did not start: ${await started.stderr.text()}`);
    return new TestBoard(started, text.trim());
  }

  get pid(): number {
    return this.#process.pid;
  }

  get origin(): string {
    return new URL(this.address).origin;
  }

  /** The cookie that a browser with the address has. */
  async cookie(): Promise<string> {
    const { headers } = await fetch(this.address);
    return (headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  }

  /** The token that its pages send with each request. */
  get key(): string {
    return new URL(this.address).searchParams.get("token") ?? "";
  }

  /** A request as a page of the board sends it. */
  async request(
    path: string,
    options: { method?: string; headers?: Record<string, string>; body?: string; signal?: AbortSignal } = {},
  ): Promise<Response> {
    const headers = { cookie: await this.cookie(), [KEY_HEADER]: this.key, ...options.headers };
    return fetch(`${this.origin}${path}`, { ...options, headers });
  }

  /** An action as the board's page sends it. */
  async act(path: string, body: object = {}): Promise<Response> {
    const headers = { "content-type": "application/json" };
    return this.request(path, { method: "POST", headers, body: JSON.stringify(body) });
  }

  /** Ends the board as Ctrl-C does. @returns its exit code */
  async stop(signal: NodeJS.Signals = "SIGINT"): Promise<number> {
    this.#process.kill(signal);
    return this.#process.exited;
  }
}
