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

  /** Has a task add a file, by its name without `.txt`, and commit it. */
  async workOnFile(name: string, text = name, more: object = {}): Promise<Record<string, unknown>> {
    return this.work(name, `echo ${text} > ${name}.txt; git add .; git commit -qm 'Add ${name}'`, more);
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

  /** Sets a value in the user's configuration of git, or removes one. */
  async globally(...args: string[]): Promise<void> {
    await this.git(this.root, "config", "--global", ...args);
  }

  /** Fills a repository that is there with a first commit of two files, one of them in `src`. */
  async fill(folder: string): Promise<string> {
    mkdirSync(join(folder, "src"), { recursive: true });
    for (const file of ["a.txt", "src/b.txt"]) writeFileSync(join(folder, file), `${file}\n`);
    await this.git(folder, "add", ".");
    await this.git(folder, "commit", "--quiet", "-m", "First");
    return folder;
  }

  /** Starts a full-access task whose prompt is `WORK`, unless another is given. @returns its answer, a refusal too */
  async start(cwd: string, topic: string, more: object = {}): Promise<Record<string, unknown>> {
    const request = { prompt: "WORK", cwd, topic, sandbox: "full-access", ...more };
    return (await (await this.own).call("codex", request)).data;
  }
}

/** The id of a task, from its answer. */
export const idOf = (task: Record<string, unknown>) => String(task["task_id"]);
