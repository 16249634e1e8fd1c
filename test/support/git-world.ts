import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { McpClient, ToolAnswer } from "./mcp-client.ts";
import { World } from "./world.ts";

/** A world for tests of what becomes of a task's work: a repository for each test, and tasks that run a shell command. */
export class GitWorld extends World {
  /** The repository of this test. */
  repo = "";
  /** Its number, which topics have in them: another repository's would get another id. */
  number = 0;
  #runs = 0;
  #client: Promise<McpClient> | undefined;

  /** Begins a test. */
  async begin(): Promise<void> {
    this.repo = await this.repository(`project-${++this.number}`);
  }

  /** The client of all tests that need none of their own. */
  get own(): Promise<McpClient> {
    return (this.#client ??= this.client());
  }

  /** Has a task run a shell command in its worktree. @returns its answer @throws where it is refused */
  async work(name: string, run: string, more: object = {}, from?: McpClient): Promise<Record<string, unknown>> {
    const prompt = `RUN-${++this.#runs}-`;
    this.stub.script(prompt, [{ run }, { say: "Done." }]);
    const request = { prompt, cwd: this.repo, topic: `implement-${name}_${this.number}-v1`, sandbox: "full-access" };
    const { data } = await (from ?? (await this.own)).call("codex", { ...request, ...more });
    if (data["success"] !== true) throw new Error(`the task failed: ${JSON.stringify(data)}`);
    return data;
  }

  /** Merges what a task did. */
  async merge(task: Record<string, unknown>, more: object = {}, from?: McpClient): Promise<ToolAnswer> {
    return (from ?? (await this.own)).call("codex_merge", { task_ids: [task["task_id"]], ...more });
  }

  /** Writes and stages a file of the repository. */
  async write(path: string, text: string | Buffer): Promise<void> {
    mkdirSync(dirname(join(this.repo, path)), { recursive: true });
    writeFileSync(join(this.repo, path), text);
    await this.git(this.repo, "add", "--", path);
  }
}
