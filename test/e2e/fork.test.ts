// A fork: a task that begins with a copy of another's session and of its worktree's state. Both continue apart, with both engines.
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findSessionFile } from "#codex/run/session-file.ts";
import { taskPaths } from "#store/store-paths.ts";
import { readMeta } from "#store/tasks/meta-file.ts";
import { FORK_ENGINES, ForkWorld, HAS_FORK, readOf, usageOf } from "../support/fork-world.ts";

const DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

const world = new ForkWorld();
afterAll(() => world.close());

describe.skipIf(!HAS_FORK).each([...FORK_ENGINES])("with the engine %s", (engine) => {
  test("a fork has the conversation and the work of its task, and both continue apart", async () => {
    const { cwd, run } = await world.site(engine);
    const parent = await run("PARENT one", { topic: "parent" });
    expect(parent).toMatchObject({ success: true, usage: usageOf(2) });
    const before = await world.stateOf(parent);
    const fork = await run("BRANCH-OFF two", { fork: parent["task_id"] });
    expect(fork).toMatchObject({ success: true, result: "The fork is done.", usage: usageOf(2) });
    expect(fork["note"]).toBeUndefined();
    expect(await world.stateOf(parent)).toEqual(before);
    expect(fork["session_id"]).not.toBe(parent["session_id"]);
    expect(fork["worktree_dir"]).not.toBe(parent["worktree_dir"]);
    expect(fork).toMatchObject({ base_commit: parent["base_commit"], base_branch: "main", commits_ahead: 2 });
    expect(world.askedWith("BRANCH-OFF two")).toContain("The parent is done.");
    expect(readMeta(taskPaths(world.stateHome, String(fork["task_id"])).meta)).toMatchObject({
      forks: parent["task_id"],
      forks_session: parent["session_id"],
    });
    const again = await run("AGAIN three", { resume: parent["task_id"] });
    expect(again).toMatchObject({ success: true, session_id: parent["session_id"], usage: usageOf(2) });
    expect(world.askedWith("AGAIN three")).not.toContain("BRANCH-OFF two");
    const more = await run("AGAIN four", { resume: fork["task_id"] });
    expect(more).toMatchObject({ success: true, session_id: fork["session_id"], usage: usageOf(2) });
    expect(world.askedWith("AGAIN four")).toContain("BRANCH-OFF two");
    expect(world.askedWith("AGAIN four")).not.toContain("AGAIN three");
    expect(readOf(parent, "parent.txt")).toBe("parent\nagain\n");
    expect(readOf(fork, "parent.txt")).toBe("parent\nforked\nagain\n");
    expect(existsSync(join(cwd, "parent.txt"))).toBe(false);
  });

  test("a running task: its session and its files as they are, nothing of it changes, and only the fork's tokens count", async () => {
    const site = await world.site(engine);
    const name = `RUNNING-${engine}`;
    const { task, finish } = await world.startWaiting(site, name);
    const before = await world.stateOf(task);
    const fork = await site.run("LOOK at it", { fork: task["task_id"] });
    expect(fork).toMatchObject({ success: true, usage: usageOf(2), base_commit: task["base_commit"] });
    expect(fork["note"]).toContain(`The task ${String(task["task_id"])} was running when it was copied`);
    expect(await world.stateOf(task)).toEqual(before);
    expect(world.askedWith("LOOK at it")).toContain(name);
    expect(readOf(fork, `${name}.txt`)).toBe(`${name}\n`);
    expect(await finish()).toMatchObject({ success: true, usage: usageOf(3), result: `${name} is done.` });
    expect(world.askedWith(`${name}-later`)).not.toContain("LOOK at it");
    expect(existsSync(join(String(fork["worktree_dir"]), `${name}-later.txt`))).toBe(false);
  });

  test("two forks at once, and a fork of a fork", async () => {
    const { run } = await world.site(engine);
    const parent = await run("PARENT one", { topic: "parent" });
    const fork = { fork: parent["task_id"] };
    const [one, two] = await Promise.all([run("BRANCH-OFF now", fork), run("BRANCH-OFF now", fork)]);
    for (const each of [one, two]) {
      expect(each).toMatchObject({ success: true, usage: usageOf(2) });
      expect(readOf(each, "parent.txt")).toBe("parent\nforked\n");
    }
    expect(new Set([parent, one, two].map((task) => task["session_id"])).size).toBe(3);
    expect(new Set([parent, one, two].map((task) => task["agent_branch"])).size).toBe(3);
    const third = await run("BRANCH-OFF again", { fork: one["task_id"] });
    expect(third).toMatchObject({ success: true, usage: usageOf(2), base_commit: parent["base_commit"] });
    expect(readOf(third, "parent.txt")).toBe("parent\nforked\nforked\n");
    expect(world.askedWith("BRANCH-OFF again")).toContain("BRANCH-OFF now");
    // A fork whose prompt gives a description that was used before gets another one.
    expect(await run("BRANCH-OFF now", fork)).toMatchObject({ success: true, usage: usageOf(2) });
  });

  test("a task that failed, and one that was cancelled", async () => {
    const site = await world.site(engine);
    world.stub.script(`FAILS-${engine}`, [
      { run: "echo 1 > failed.txt" },
      { httpStatus: 400, error: { message: "It cannot be." } },
    ]);
    const failed = await site.run(`FAILS-${engine}`, { topic: "failing" });
    expect(failed).toMatchObject({ success: false });
    const ofFailed = await site.run("LOOK after the failure", { fork: failed["task_id"] });
    expect(ofFailed).toMatchObject({ success: true, usage: usageOf(2) });
    expect(readOf(ofFailed, "failed.txt")).toBe("1\n");
    expect(world.askedWith("LOOK after the failure")).toContain(`FAILS-${engine}`);
    const { task, finish } = await world.startWaiting(site, `CANCELLED-${engine}`);
    await site.client.call("codex_cancel", { task_id: task["task_id"] });
    await finish();
    const ofCancelled = await site.run("LOOK after the cancel", { fork: task["task_id"] });
    expect(ofCancelled).toMatchObject({ success: true, usage: usageOf(2) });
    expect(readOf(ofCancelled, `CANCELLED-${engine}.txt`)).toContain("CANCELLED");
  });

  test("sandboxes other than the task's, named by topic, beginning and session", async () => {
    const { cwd, run } = await world.site(engine);
    const parent = await run("PARENT one", { topic: `sandboxes-${engine}` });
    world.stub.script("FORBIDDEN", [{ run: "echo no > forbidden.txt" }, { say: "Tried." }]);
    const reading = await run("FORBIDDEN", { fork: parent["topic"], sandbox: "read-only", model: "gpt-5-mini" });
    expect(reading).toMatchObject({ success: true, result: "Tried.", usage: usageOf(2) });
    expect(reading["worktree_dir"]).toBeUndefined();
    expect(world.stub.requests.findLast(({ model }) => model === "gpt-5-mini")).toBeDefined();
    expect(existsSync(join(String(parent["worktree_dir"]), "forbidden.txt"))).toBe(false);
    expect(existsSync(join(cwd, "forbidden.txt"))).toBe(false);
    // A fork of a task that only read gets a worktree of the checked-out commit.
    const writing = await run("BRANCH-OFF from reading", { fork: reading["session_id"], cwd });
    expect(writing).toMatchObject({ success: true, usage: usageOf(2), commits_ahead: 1 });
    expect(readOf(writing, "parent.txt")).toBe("forked\n");
    expect(world.askedWith("BRANCH-OFF from reading")).toContain("FORBIDDEN");
  });

  test("images, a schema and a prompt of many lines reach the fork", async () => {
    const { cwd, run } = await world.site(engine);
    const parent = await run("PARENT one", { topic: `inputs-${engine}` });
    const schema = {
      type: "object",
      properties: { ok: { type: "boolean" } },
      required: ["ok"],
      additionalProperties: false,
    };
    world.stub.script("AS-JSON", [{ say: '{"ok":true}' }]);
    const image = join(cwd, "dot.png");
    writeFileSync(image, Buffer.from(DOT, "base64"));
    const more = { fork: parent["task_id"], output_schema: schema, images: [image] };
    const answer = await run("AS-JSON\n- a 'quoted' line\n\"another\"", more);
    expect(answer).toMatchObject({ success: true, result: '{"ok":true}', usage: usageOf(1) });
    expect(world.stub.requests.at(-1)?.text?.format).toMatchObject({ schema });
    expect(world.askedWith("AS-JSON")).toContain("data:image/png;base64");
  });

  test("a session whose record, or that of the session that it was copied from, is gone", async () => {
    const { run } = await world.site(engine);
    const parent = await run("PARENT one", { topic: `gone-${engine}` });
    const fork = await run("BRANCH-OFF two", { fork: parent["task_id"] });
    rmSync(findSessionFile(world.codexHome, String(parent["session_id"])) ?? "");
    for (const task of [parent, fork]) {
      const refused = await run("BRANCH-OFF three", { fork: task["task_id"], topic: "refused" });
      expect(refused).toMatchObject({ code: "unknown_session" });
      expect(refused["error"]).toContain(String(parent["session_id"]));
      expect(existsSync(join(world.stateHome, "tasks", "codex-implement-refused-v1"))).toBe(false);
    }
  });
});
