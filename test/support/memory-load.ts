import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CallToolResultSchema } from "@modelcontextprotocol/sdk/types.js";
import type { McpClient } from "./mcp-client.ts";
import type { World } from "./world.ts";

const [ENDED, ENDLESS] = ["codex-review-quick-v1", "codex-longrun-endless-v1"];

/** Calls that wait at the same time; each is told something about once a second. */
export const WAITING = 500;

/** A server, busy with much of all that it can be asked, whose memory is looked at in between. */
export class MemoryLoad {
  readonly #world: World;
  readonly #client: McpClient;

  private constructor(world: World, client: McpClient) {
    this.#world = world;
    this.#client = client;
  }

  /** Starts the server, a task that ends, and one that does not. */
  static async start(world: World): Promise<MemoryLoad> {
    world.stub.script("QUICK", [{ say: "Done." }]);
    world.stub.script("NEVER-ENDING", [{ end: "hang" }]);
    const load = new MemoryLoad(world, await world.client({ CODEXMCP_CALL_LIMIT_SECONDS: "0" }));
    await load.#client.call("codex", load.#task("QUICK", "review-quick-v1"));
    await load.#client.call("codex_dispatch", load.#task("NEVER-ENDING", "longrun-endless-v1"));
    return load;
  }

  /** Makes calls of all kinds, one after the other. */
  async call(count: number): Promise<void> {
    const client = this.#client;
    const kinds = [
      () => client.call("codex_status", { task_id: ENDLESS }),
      () => client.call("codex_status", {}),
      () => client.call("codex_wait", { task_ids: [ENDED] }),
      () => client.call("codex_cancel", { task_id: ENDED }),
      () => client.call("codex", this.#task("QUICK", "no topic")),
      () => client.sdk.readResource({ uri: `codex://tasks/${ENDED}/log` }),
    ];
    for (let index = 0; index < count; index++) await kinds[index % kinds.length]?.();
  }

  /** Waits with many calls at once while Codex does something every half second. @returns how often they were told so */
  async wait(seconds: number): Promise<number> {
    const log = join(this.#world.stateHome, "tasks", ENDLESS, "codex-exec.log");
    let [step, told] = [0, 0];
    const working = setInterval(() => {
      const item = { id: `item_${++step}`, type: "agent_message", text: `Step ${step}.` };
      appendFileSync(log, `${JSON.stringify({ type: "item.completed", item })}\n`);
    }, 500);
    const request = { name: "codex_wait", arguments: { task_ids: [ENDLESS], timeout_seconds: seconds } };
    const options = { timeout: 600_000, onprogress: () => void told++ };
    const call = () => this.#client.sdk.callTool(request, CallToolResultSchema, options);
    await Promise.all(Array.from({ length: WAITING }, call));
    clearInterval(working);
    return told;
  }

  /** What the server holds while it does nothing, in MiB. */
  async residentMiB(): Promise<number> {
    await Bun.sleep(1500);
    const [, kib] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.#client.pid}/status`, "utf8")) ?? [];
    return Math.round(Number(kib) / 1024);
  }

  /** Ends the task that does not end by itself. */
  async stop(): Promise<void> {
    await this.#client.call("codex_cancel", { task_id: ENDLESS });
  }

  #task(prompt: string, topic: string): object {
    return { prompt, cwd: this.#world.root, topic, sandbox: "read-only" };
  }
}
