import { readFileSync } from "node:fs";
import { join } from "node:path";
import { hashContent } from "#base/digest.ts";
import { findSessionFile } from "#codex/run/session-file.ts";
import { TESTED_ENGINES } from "./engines.ts";
import { isCodexFrom } from "./codex-version.ts";
import type { McpClient } from "./mcp-client.ts";
import { TOKENS_PER_ANSWER } from "./model-stub.ts";
import { HAS_APP_SERVER } from "./newer-codex.ts";
import { TaskWorld } from "./task-world.ts";

/** Whether the tested Codex can copy sessions. */
export const HAS_FORK = isCodexFrom("0.152.0");
if (!HAS_FORK) console.warn("SKIPPED: tests of forks, which this version of Codex does not have");

/** The engines that the tested Codex has. */
export const FORK_ENGINES = HAS_APP_SERVER ? TESTED_ENGINES : (["exec"] as const);

/** Task as the tools answer. */
export type Answer = Record<string, unknown>;

/** Repository of one test, with a client. */
export interface ForkSite {
  cwd: string;
  client: McpClient;
  /** Runs a task to its end; it may change files. */
  run: (prompt: string, more?: object) => Promise<Answer>;
}

/** A task that has written `<name>.txt` and waits in its turn. */
export interface WaitingTask {
  task: Answer;
  /** Lets it write `<name>-later.txt` and end. @returns its answer */
  finish: () => Promise<Answer>;
}

/** A world for tests of forks. */
export class ForkWorld extends TaskWorld {
  readonly #clients = new Map<string, Promise<McpClient>>();
  #sites = 0;

  constructor() {
    super();
    this.stub.script("PARENT", [{ run: "echo parent > parent.txt" }, { say: "The parent is done." }]);
    this.stub.script("AGAIN", [{ run: "echo again >> parent.txt" }, { say: "It went on." }]);
    this.stub.script("BRANCH-OFF", [{ run: "echo forked >> parent.txt" }, { say: "The fork is done." }]);
    this.stub.script("LOOK", [{ run: "cat *.txt" }, { say: "Looked." }]);
  }

  /** The client of all tests with an engine. */
  async of(engine: string): Promise<McpClient> {
    const known = this.#clients.get(engine) ?? this.client({ CODEXMCP_ENGINE: engine });
    this.#clients.set(engine, known);
    return known;
  }

  /** Makes a repository for a test. */
  async site(engine: string): Promise<ForkSite> {
    const cwd = await this.repository(`project-${++this.#sites}`);
    const client = await this.of(engine);
    const run = async (prompt: string, more: object = {}) =>
      (await client.call("codex", { prompt, cwd, sandbox: "full-access", ...more })).data;
    return { cwd, client, run };
  }

  /** Starts a task that waits. */
  async startWaiting({ cwd, client }: ForkSite, name: string, more: object = {}): Promise<WaitingTask> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.stub.script(name, [
      { run: `echo ${name} > ${name}.txt` },
      { until: () => promise },
      { run: `echo later > ${name}-later.txt` },
      { say: `${name} is done.` },
    ]);
    const request = { prompt: name, cwd, topic: name, sandbox: "full-access", ...more };
    const { data } = await client.call("codex_dispatch", request);
    if (data["code"] !== undefined) throw new Error(`the task was refused: ${JSON.stringify(data)}`);
    const task_id = String(data["task_id"]);
    const isAsked = () =>
      this.stub.requests.some(({ input }) => {
        const [text, last] = [JSON.stringify(input), input.at(-1)?.type ?? ""];
        return text.includes(name) && last.endsWith("_call_output");
      });
    await this.until(isAsked);
    const { data: task } = await client.call("codex_status", { task_id });
    const finish = async () => {
      resolve();
      const waited = await client.call("codex_wait", { task_ids: [task_id], timeout_seconds: 60 });
      return (waited.data["done"] as Answer[])[0] ?? {};
    };
    return { task, finish };
  }

  /** All that the model was asked in the last request with a prompt. */
  askedWith(prompt: string): string {
    const asked = this.stub.requests.findLast(({ input }) => JSON.stringify(input).includes(prompt));
    return JSON.stringify(asked?.input ?? "");
  }

  /** Digests of all that belongs to a task in its repository, and of its session. */
  async stateOf(task: Answer): Promise<object> {
    const worktree = String(task["worktree_dir"]);
    const gitDir = await this.git(worktree, "rev-parse", "--absolute-git-dir");
    const session = findSessionFile(this.codexHome, String(task["session_id"])) ?? "";
    const list = "find . -type f ! -name .git -exec sha256sum {} + | sort; find . -printf '%p %T@\\n' | sort";
    return {
      session: hashContent(readFileSync(session, "utf8")),
      index: hashContent(readFileSync(join(gitDir, "index"), "latin1")),
      head: readFileSync(join(gitDir, "HEAD"), "utf8"),
      branch: await this.git(worktree, "rev-parse", String(task["agent_branch"])),
      files: await this.run(worktree, ["sh", "-c", list]),
      status: await this.git(worktree, "--no-optional-locks", "status", "--porcelain"),
    };
  }
}

/** Tokens of a run that asked the model so often. */
export const usageOf = (times: number) => ({
  input_tokens: times * TOKENS_PER_ANSWER.input,
  output_tokens: times * TOKENS_PER_ANSWER.output,
});

/** Reads a file of a task's worktree. */
export function readOf(task: Answer, name: string): string {
  return readFileSync(join(String(task["worktree_dir"]), name), "utf8");
}
