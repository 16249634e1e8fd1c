// What cannot be copied, a fork in the terminal, and forks under the read-only fallback.
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { listNames } from "#base/paths.ts";
import { runCli } from "../support/command-line.ts";
import { type Answer, FORK_ENGINES, type ForkSite, ForkWorld, HAS_FORK, usageOf } from "../support/fork-world.ts";

const world = new ForkWorld();
afterAll(() => world.close());

let site: ForkSite;
beforeEach(async () => {
  site = await world.site("app-server");
});

const tasks = () => listNames(join(world.stateHome, "tasks")).length;
const branches = async () => world.git(site.cwd, "branch", "--list");

test("a Codex that cannot copy sessions: nothing is made", async () => {
  const parent = await site.run("PARENT", { topic: "parent" });
  const real = world.environment()["CODEXMCP_CODEX_BIN"] ?? "";
  const older = join(world.root, "older-codex");
  writeFileSync(
    older,
    `#!/bin/sh\n[ "$1 $2" = "exec --help" ] && { "${real}" "$@" | grep -v '^  fork'; exit; }\nexec "${real}" "$@"\n`,
  );
  chmodSync(older, 0o755);
  const client = await world.client(HAS_FORK ? { CODEXMCP_CODEX_BIN: older } : {});
  const before = [tasks(), await branches()];
  const { data } = await client.call("codex", { prompt: "LOOK", fork: parent["task_id"], sandbox: "full-access" });
  expect(data).toMatchObject({ code: "codex_incompatible" });
  expect(data["error"]).toContain("does not support fork");
  expect([tasks(), await branches()]).toEqual(before);
});

describe.skipIf(!HAS_FORK)("a fork is refused", () => {
  const CASES: [string, object, string][] = [
    ["with resume", { resume: "$PARENT" }, "invalid_argument"],
    ["with session_id", { session_id: "$SESSION" }, "invalid_argument"],
    ["with base", { base: "main" }, "invalid_argument"],
    ["with include_uncommitted", { include_uncommitted: true }, "invalid_argument"],
    ["of an unknown task", { fork: "codex-review-no_such-v1" }, "unknown_task"],
    ["of an unknown session", { fork: "00000000-0000-7000-8000-000000000000" }, "unknown_session"],
    ["of an option", { fork: "--last" }, "unknown_task"],
    ["of a path", { fork: "../../../etc/passwd" }, "unknown_task"],
    ["in its task's worktree", { topic: "implement-refused-v9" }, "worktree_exists"],
  ];

  test.each(CASES)("%s, and nothing is made", async (_name, more, code) => {
    const parent = await site.run("PARENT", { topic: "implement-refused-v1" });
    const text = JSON.stringify(more)
      .replace("$PARENT", String(parent["task_id"]))
      .replace("$SESSION", String(parent["session_id"]));
    const before = [tasks(), await branches()];
    const refused = await site.run("LOOK", { fork: parent["task_id"], ...(JSON.parse(text) as object) });
    expect(refused).toMatchObject({ code });
    expect([tasks(), await branches()]).toEqual(before);
  });

  test("of a task that has no session yet, or never had one", async () => {
    const go = join(world.root, "go");
    const CODEXMCP_WORKTREE_SETUP = `until [ -e ${go} ]; do sleep 0.05; done; false`;
    const client = await world.client({ CODEXMCP_WORKTREE_SETUP });
    const request = { prompt: "PARENT", cwd: site.cwd, topic: "setup", sandbox: "full-access" };
    const { data: parent } = await client.call("codex_dispatch", request);
    const early = await site.run("LOOK", { fork: parent["task_id"] });
    expect(early).toMatchObject({ code: "task_running" });
    expect(early["error"]).toContain("has not begun its session yet");
    writeFileSync(go, "");
    await client.call("codex_wait", { task_ids: [parent["task_id"]], timeout_seconds: 60 });
    expect(await site.run("LOOK", { fork: parent["task_id"] })).toMatchObject({ code: "unknown_session" });
  });
});

test.skipIf(!HAS_FORK)("in the terminal: run --fork", async () => {
  const parent = await site.run("PARENT", { topic: "cli" });
  const run = (...args: string[]) => runCli(world, ["run", ...args], {}, site.cwd);
  const { stdout, exitCode } = await run("BRANCH-OFF cli", "--fork", String(parent["task_id"]), "--json");
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ success: true, result: "The fork is done.", usage: usageOf(2) });
  const refused = await run("BRANCH-OFF cli", "--fork", String(parent["task_id"]), "--base", "main");
  expect(refused.exitCode).toBe(64);
  expect(refused.stderr).toContain("fork and base cannot be combined");
});

test.skipIf(!HAS_FORK)("only the fork's own tokens count if its task has continued since it was started", async () => {
  const go = join(world.root, "continue");
  const CODEXMCP_WORKTREE_SETUP = `case "$PWD" in *late_fork*) until [ -e ${go} ]; do sleep 0.05; done; esac`;
  for (const CODEXMCP_ENGINE of FORK_ENGINES) {
    const client = await world.client({ CODEXMCP_WORKTREE_SETUP, CODEXMCP_ENGINE });
    const { task, finish } = await world.startWaiting({ ...site, client }, `GOES-ON-${CODEXMCP_ENGINE}`);
    const request = {
      prompt: "LOOK late",
      fork: task["task_id"],
      topic: `late_fork_${CODEXMCP_ENGINE}`,
      cwd: site.cwd,
    };
    const { data } = await client.call("codex_dispatch", { ...request, sandbox: "full-access" });
    expect(await finish()).toMatchObject({ success: true, usage: usageOf(3) });
    writeFileSync(go, "");
    const waited = await client.call("codex_wait", { task_ids: [data["task_id"]], timeout_seconds: 60 });
    expect(waited.data["done"]).toMatchObject([{ success: true, usage: usageOf(2) }]);
    await world.run(world.root, ["rm", go]);
  }
});

describe.skipIf(!HAS_FORK).each([...FORK_ENGINES])(
  "under the read-only fallback, with the engine %s",
  (CODEXMCP_ENGINE) => {
    test("a fork, a fork of it, and the next runs of both have the conversation", async () => {
      const client = await world.client({ CODEXMCP_ENGINE, CODEXMCP_READONLY_FALLBACK: "1" });
      const review = async (prompt: string, more: object = {}): Promise<Answer> =>
        (await client.call("codex", { prompt, cwd: site.cwd, sandbox: "read-only", ...more })).data;
      for (const each of ["ASK-ONE", "ASK-TWO", "ASK-THREE", "ASK-FOUR"]) {
        world.stub.script(each, [{ say: `${each} answered.` }]);
      }
      const parent = await review("ASK-ONE");
      const fork = await review("ASK-TWO", { fork: parent["task_id"] });
      const third = await review("ASK-THREE", { fork: fork["task_id"] });
      const next = await review("ASK-FOUR", { resume: third["task_id"] });
      for (const task of [parent, fork, third, next]) {
        expect(task).toMatchObject({
          success: true,
          usage: usageOf(1),
          readonly_audit: { mode: "fallback", violations: [] },
        });
        expect(JSON.stringify(task["readonly_audit"])).not.toContain("records of other sessions");
        expect(JSON.stringify(task["readonly_audit"])).not.toContain("record of other sessions");
      }
      expect(new Set([parent, fork, third].map((task) => task["session_id"])).size).toBe(3);
      expect(next["session_id"]).toBe(third["session_id"]);
      for (const text of ["ASK-ONE", "ASK-TWO", "ASK-THREE"]) expect(world.askedWith("ASK-FOUR")).toContain(text);
      // Without the fallback, Codex finds the same records in its own folder.
      const open = await site.run("BRANCH-OFF then", { fork: next["task_id"] });
      expect(open).toMatchObject({ success: true, usage: usageOf(2) });
      expect(world.askedWith("BRANCH-OFF then")).toContain("ASK-FOUR");
    });

    test("a running task is refused: its session is private to the run", async () => {
      const client = await world.client({ CODEXMCP_ENGINE, CODEXMCP_READONLY_FALLBACK: "1" });
      const { task, finish } = await world.startWaiting({ ...site, client }, `PRIVATE-${CODEXMCP_ENGINE}`, {
        sandbox: "read-only",
      });
      const refused = await site.run("LOOK", { fork: task["task_id"] });
      expect(refused).toMatchObject({ code: "task_running" });
      expect(refused["error"]).toContain("under the read-only fallback");
      await finish();
      expect(await site.run("LOOK private", { fork: task["task_id"] })).toMatchObject({ success: true });
      expect(existsSync(join(site.cwd, `PRIVATE-${CODEXMCP_ENGINE}.txt`))).toBe(false);
    });
  },
);
