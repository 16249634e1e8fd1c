import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { McpClient } from "./mcp-client.ts";
import { TaskWorld } from "./task-world.ts";

/** Engines that run Codex's turns. */
export const BOTH_ENGINES = ["app-server", "exec"] as const;

type Engine = (typeof BOTH_ENGINES)[number];
type Answer = Record<string, unknown>;

/** Check that passes when the model has counted to three, and tells it otherwise how far it is. */
export const COUNTED = 'test "$(cat count)" = 3 || { echo "MARK-$(cat count)"; exit 5; }';

/** A world with a repository, a client for each engine, and a model that counts one further after each failed check. */
export class CheckWorld extends TaskWorld {
  readonly #clients = new Map<Engine, McpClient>();
  /** The repository. */
  cwd = "";

  /** @param prefix words before the command of each server */
  static async open(prefix: readonly string[] = []): Promise<CheckWorld> {
    const world = new CheckWorld();
    world.cwd = await world.repository();
    for (const engine of BOTH_ENGINES) {
      world.#clients.set(engine, await world.client({ CODEXMCP_ENGINE: engine }, world.root, prefix));
    }
    world.stub.script("COUNT-FROM-ONE", [{ run: "echo 1 > count" }, { say: "One." }]);
    world.stub.script("MARK-1", [{ run: "echo 2 > count" }, { say: "Two." }]);
    world.stub.script("MARK-2", [{ run: "echo 3 > count" }, { say: "Three." }]);
    world.stub.script("WRITE-A-FILE", [{ run: "echo work > work.txt" }, { say: "Written." }]);
    return world;
  }

  /** Calls a tool of the server with an engine. */
  async call(engine: Engine, tool: string, args: object): Promise<Answer> {
    const client = this.#clients.get(engine);
    if (client === undefined) throw new Error(`there is no client for ${engine}`);
    return (await client.call(tool, args)).data;
  }

  /** Runs a task in the repository, or where `more` says. */
  async runTask(engine: Engine, prompt: string, topic: string, more: object): Promise<Answer> {
    return this.call(engine, "codex", { prompt, cwd: this.cwd, topic, sandbox: "full-access", ...more });
  }

  /** Starts such a task. @returns its id */
  async dispatch(engine: Engine, prompt: string, topic: string, more: object): Promise<string> {
    const request = { prompt, cwd: this.cwd, topic, sandbox: "full-access", ...more };
    return String((await this.call(engine, "codex_dispatch", request))["task_id"]);
  }

  async status(taskId: string): Promise<Answer> {
    return this.call("exec", "codex_status", { task_id: taskId });
  }

  async wait(taskId: string): Promise<unknown> {
    return (await this.call("exec", "codex_wait", { task_ids: [taskId], timeout_seconds: 50 }))["done"];
  }

  /** The pid of a task's supervisor; the tmux server has the command line that it was started with. */
  override supervisorOf(taskId: string): number {
    const isSupervisor = (command: string) => command.includes(`run-task ${taskId}`) && !/^\S*tmux /.test(command);
    return this.processes().find(({ command }) => isSupervisor(command))?.pid ?? 0;
  }

  logOf(taskId: string): string {
    return readFileSync(join(this.folderOf(taskId), "codex-exec.log"), "utf8");
  }

  /** The events of a type in a task's log. */
  eventsOf(taskId: string, type: string): Answer[] {
    const lines = this.logOf(taskId).split("\n");
    return lines.filter((line) => line.startsWith(`{"type":"${type}"`)).map((line) => JSON.parse(line) as Answer);
  }

  /** The commands of this world's processes that contain a text. */
  running(part: string): string[] {
    return this.processes().flatMap(({ command }) => (command.includes(part) ? [command] : []));
  }

  /** Waits until a check has written a file. */
  async untilThere(path: string): Promise<void> {
    await this.until(() => existsSync(path));
  }
}
