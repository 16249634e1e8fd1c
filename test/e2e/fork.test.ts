// A fork of a task: another task with a copy of its session and of its worktree's state. Both continue apart.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { hashContent } from "#base/digest.ts";
import { findSessionFile } from "#codex/run/session-file.ts";
import { taskPaths } from "#store/store-paths.ts";
import { readMeta } from "#store/tasks/meta-file.ts";
import { HAS_APP_SERVER } from "../support/newer-codex.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { type StubRequest, TOKENS_PER_ANSWER } from "../support/model-stub.ts";
import { TaskWorld } from "../support/task-world.ts";
import { isCodexFrom } from "../support/codex-version.ts";

const HAS_FORK = isCodexFrom("0.152.0");
if (!HAS_FORK) console.warn("SKIPPED: forks, which this version of Codex does not have");
const ENGINES = HAS_APP_SERVER ? (["exec", "app-server"] as const) : (["exec"] as const);

let world: TaskWorld;
const clients = new Map<string, McpClient>();
let number = 0;

beforeAll(async () => {
  world = new TaskWorld();
  world.stub.script("PARENT", [{ run: "echo parent > parent.txt" }, { say: "The parent is done." }]);
  world.stub.script("AGAIN", [{ run: "echo again >> parent.txt" }, { say: "The parent went on." }]);
  world.stub.script("BRANCH-OFF", [{ run: "cat *.txt; echo forked >> parent.txt" }, { say: "The fork is done." }]);
  world.stub.script("LOOK", [{ run: "cat *.txt" }, { say: "Looked." }]);
  for (const engine of ENGINES) clients.set(engine, await world.client({ CODEXMCP_ENGINE: engine }));
});
afterAll(() => world.close());

const of = (engine: string) => clients.get(engine) as McpClient;

/** A repository of a test's own, with a client of an engine. */
async function place(engine: string) {
  const cwd = await world.repository(`project-${++number}`);
  const client = of(engine);
  const run = async (prompt: string, more: object = {}) =>
    (await client.call("codex", { prompt, cwd, sandbox: "full-access", ...more })).data;
  return { cwd, client, run };
}

/** Texts of what the model was asked with a prompt, newest request first. */
function askedWith(prompt: string): string {
  const holds = ({ input }: StubRequest) => JSON.stringify(input).includes(prompt);
  return JSON.stringify(world.stub.requests.findLast(holds)?.input ?? "");
}

/** Tokens of a run that asked the model so often. */
const usageOf = (times: number) => ({
  input_tokens: times * TOKENS_PER_ANSWER.input,
  output_tokens: times * TOKENS_PER_ANSWER.output,
});

/** Digests of all that belongs to a task in the repository and in Codex's records. */
async function stateOf(task: Record<string, unknown>): Promise<object> {
  const worktree = String(task["worktree_dir"]);
  const gitDir = await world.git(worktree, "rev-parse", "--absolute-git-dir");
  const session = findSessionFile(world.codexHome, String(task["session_id"])) ?? "";
  return {
    session: hashContent(readFileSync(session, "utf8")),
    index: hashContent(readFileSync(join(gitDir, "index"), "latin1")),
    head: readFileSync(join(gitDir, "HEAD"), "utf8"),
    branch: await world.git(worktree, "rev-parse", String(task["agent_branch"])),
    files: await world.run(worktree, [
      "sh",
      "-c",
      "find . -type f ! -name .git | sort | xargs sha256sum; find . -printf '%p %T@\\n' | sort",
    ]),
    status: await world.git(worktree, "--no-optional-locks", "status", "--porcelain"),
  };
}

describe.skipIf(!HAS_FORK).each([...ENGINES])("with the engine %s", (engine) => {
  test("a fork has the conversation and the work of its task, and both continue apart", async () => {
    const { cwd, run } = await place(engine);
    const parent = await run("PARENT one", { topic: "parent" });
    expect(parent).toMatchObject({ success: true, usage: usageOf(2) });
    const before = await stateOf(parent);
    const fork = await run("BRANCH-OFF two", { fork: parent["task_id"] });
    expect(fork).toMatchObject({ success: true, result: "The fork is done.", usage: usageOf(2) });
    expect(await stateOf(parent)).toEqual(before);
    expect(fork["session_id"]).not.toBe(parent["session_id"]);
    expect(fork["worktree_dir"]).not.toBe(parent["worktree_dir"]);
    expect(fork["base_commit"]).toBe(parent["base_commit"]);
    expect(fork["base_branch"]).toBe("main");
    expect(askedWith("BRANCH-OFF two")).toContain("The parent is done.");
    expect(readMeta(taskPaths(world.stateHome, String(fork["task_id"])).meta)).toMatchObject({
      forks: parent["task_id"],
      forks_session: parent["session_id"],
    });
    const again = await run("AGAIN three", { resume: parent["task_id"] });
    expect(again).toMatchObject({ success: true, session_id: parent["session_id"], usage: usageOf(2) });
    expect(askedWith("AGAIN three")).not.toContain("BRANCH-OFF two");
    const more = await run("AGAIN four", { resume: fork["task_id"] });
    expect(more).toMatchObject({ success: true, session_id: fork["session_id"], usage: usageOf(2) });
    expect(askedWith("AGAIN four")).toContain("BRANCH-OFF two");
    expect(askedWith("AGAIN four")).not.toContain("AGAIN three");
    const text = (task: Record<string, unknown>) =>
      readFileSync(join(String(task["worktree_dir"]), "parent.txt"), "utf8");
    expect([text(parent), text(fork)]).toEqual(["parent\nagain\n", "parent\nforked\nagain\n"]);
    expect(existsSync(join(cwd, "parent.txt"))).toBe(false);
  });
});
