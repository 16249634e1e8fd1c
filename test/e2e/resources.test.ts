import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ResourceUpdatedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { readMeta } from "#store/tasks/meta-file.ts";
import { taskPaths } from "#store/store-paths.ts";
import { type McpClient, refusal } from "../support/mcp-client.ts";
import { killIfThere, World } from "../support/world.ts";

let world: World;
let client: McpClient;
let repo: string;

beforeAll(async () => {
  world = new World();
  repo = await world.repository();
  world.stub.script("REVIEW", [{ run: "cat README.md" }, { say: "All is well." }]);
  world.stub.script("WRITE", [{ run: "echo new > new.txt; echo more >> README.md" }, { say: "Written." }]);
  world.stub.script("SLOW", [{ say: "Looking." }, { run: "sleep 1.5" }, { say: "Done." }]);
  world.stub.script("LONG", [{ run: "while [ ! -e go-on ]; do sleep 0.05; done" }, { say: "Went on." }]);
  client = await world.client();
  await run("REVIEW", "review-readme-v1", "read-only");
  await run("WRITE", "implement-more-v1", "full-access");
});
afterAll(() => world.close());

async function run(prompt: string, topic: string, sandbox: string, tool = "codex"): Promise<Record<string, unknown>> {
  const { data, isError } = await client.call(tool, { prompt, cwd: repo, topic, sandbox });
  expect(isError).toBe(false);
  return data;
}

async function read(uri: string): Promise<string> {
  const { contents } = await client.sdk.readResource({ uri });
  expect(contents).toHaveLength(1);
  const [content] = contents;
  return content !== undefined && "text" in content ? content.text : "";
}

describe("each part of a task", () => {
  test("result, prompt, log and events of a review", async () => {
    const uri = "codex://tasks/codex-review-readme-v1";
    expect(await read(`${uri}/result`)).toBe("All is well.");
    expect(await read(`${uri}/prompt`)).toBe("REVIEW");
    const folder = join(world.stateHome, "tasks", "codex-review-readme-v1");
    expect(await read(`${uri}/log`)).toBe(readFileSync(join(folder, "codex-exec.log"), "utf8"));
    expect(await read(`${uri}/events`)).toContain("command: cat README.md");
    expect(await refusal(client.sdk.readResource({ uri: `${uri}/diff` }))).toContain("has no diff");
  });

  test("the diff of a worktree, uncommitted and new files included, and as it is now", async () => {
    const uri = "codex://tasks/codex-implement-more-v1/diff";
    const diff = await read(uri);
    expect(diff).toContain("+more");
    expect(diff).toContain("+++ b/new.txt");
    const worktree = join(world.root, "project-agent-implement-more");
    const before = await world.run(worktree, ["git", "status", "--porcelain"]);
    writeFileSync(join(worktree, "later.txt"), "later\n");
    expect(await read(uri)).toContain("+later");
    writeFileSync(join(worktree, "later.txt"), `${"x".repeat(80)}\n`.repeat(40_000));
    expect((await read(uri)).length).toBeLessThanOrEqual(1024 * 1024);
    await world.run(worktree, ["rm", "later.txt"]);
    expect(await world.run(worktree, ["git", "status", "--porcelain"])).toBe(before);
    await world.run(repo, ["git", "worktree", "remove", "--force", worktree]);
    expect(await refusal(client.sdk.readResource({ uri }))).toContain("codex_discard");
  });

  test("of a failed task, the result says why", async () => {
    world.stub.script("FAIL", [{ fail: "no luck today" }]);
    await client.call("codex", { prompt: "FAIL", cwd: repo, topic: "review-fail-v1", sandbox: "read-only" });
    expect(await read("codex://tasks/codex-review-fail-v1/result")).toMatch(/no luck today.*\(codex_failed\)/s);
  });
});

describe("finding them", () => {
  test("the list has all tasks, and what is of most use of each", async () => {
    const { resources } = await client.sdk.listResources();
    expect(resources[0]).toMatchObject({ uri: "codex://tasks", mimeType: "application/json" });
    expect(resources.map(({ uri }) => uri)).toContain("codex://tasks/codex-review-readme-v1/result");
    const { tasks } = JSON.parse(await read("codex://tasks")) as { tasks: { task_id: string }[] };
    expect(tasks.map(({ task_id }) => task_id)).toContain("codex-implement-more-v1");
  });

  test("templates name the parts, and ids are completed, with or without codex-", async () => {
    const { resourceTemplates } = await client.sdk.listResourceTemplates();
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual(
      ["result", "log", "events", "prompt", "diff"].map((part) => `codex://tasks/{task_id}/${part}`),
    );
    const ref = { type: "ref/resource" as const, uri: "codex://tasks/{task_id}/log" };
    for (const value of ["codex-rev", "review-r"]) {
      const { completion } = await client.sdk.complete({ ref, argument: { name: "task_id", value } });
      expect(completion.values).toContain("codex-review-readme-v1");
      expect(completion.values).not.toContain("codex-implement-more-v1");
    }
  });

  test.each([
    "codex://tasks/codex-none-v1/log",
    "codex://tasks/codex-review-readme-v1/secrets",
    "codex://tasks/../../etc/passwd",
    "codex://tasks/%2e%2e/log",
    "file:///etc/passwd",
  ])("%s is refused in words", async (uri) => {
    expect(await refusal(client.sdk.readResource({ uri }))).toMatch(/There is no (resource|task)/);
    expect(await refusal(client.sdk.subscribeResource({ uri }))).toMatch(/There is no (resource|task)/);
  });
});

describe("subscriptions", () => {
  test("changes are told while somebody wants to know, and not after", async () => {
    const told: string[] = [];
    client.sdk.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => void told.push(params.uri));
    await run("LONG", "implement-long-v1", "full-access", "codex_dispatch");
    const [result, events] = ["result", "events"].map((part) => `codex://tasks/codex-implement-long-v1/${part}`);
    for (const uri of [result, events, "codex://tasks"]) await client.sdk.subscribeResource({ uri: uri ?? "" });
    writeFileSync(join(world.root, "project-agent-implement-long", "go-on"), "");
    await world.until(() => told.includes(result ?? "") && told.includes("codex://tasks"));
    expect(told).toContain(events ?? "");
    for (const uri of [result, events, "codex://tasks"]) await client.sdk.unsubscribeResource({ uri: uri ?? "" });
    told.length = 0;
    await run("SLOW", "review-after-v1", "read-only");
    expect(told).toEqual([]);
  });

  test("a task whose processes were all killed is noticed too", async () => {
    const told: string[] = [];
    client.sdk.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => void told.push(params.uri));
    await run("LONG", "implement-killed-v1", "full-access", "codex_dispatch");
    const uri = "codex://tasks/codex-implement-killed-v1/result";
    await client.sdk.subscribeResource({ uri });
    const taskId = "codex-implement-killed-v1";
    // A spare process, and what it starts, has a marker of its own.
    const spare = readMeta(taskPaths(world.stateHome, taskId).meta)?.spare?.id ?? taskId;
    const isOfTask = (pid: number) => {
      const path = `/proc/${pid}/environ`;
      const environment = existsSync(path) ? readFileSync(path, "latin1") : "";
      return environment.includes(taskId) || environment.includes(spare);
    };
    await world.until(() => world.processes().some(({ pid, command }) => command.includes("go-on") && isOfTask(pid)));
    await world.until(() => {
      // One in the middle of its start shows no environment yet.
      const left = world.processes().filter(({ pid }) => isOfTask(pid));
      for (const { pid } of left) killIfThere(pid);
      return left.length === 0;
    });
    await world.until(() => told.includes(uri));
    expect(await read(uri)).toContain("(");
  });
});
