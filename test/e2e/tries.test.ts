// Several tries at one prompt: all start from one commit, in one group, or none starts.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tryHold } from "#store/locks/held-lock.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { TaskWorld } from "../support/task-world.ts";
import { linesOf, recordOf, scriptGated, scriptTries, workIn } from "../support/tries.ts";

let world: TaskWorld;
let client: McpClient;
let repository: string;

beforeAll(async () => {
  world = new TaskWorld();
  scriptTries(world);
  client = await world.client();
  repository = await world.repository();
});
afterAll(() => world.close());

const work = (topic: string, more: object = {}) => workIn(repository, topic, more);

describe("a start", () => {
  test("three tries, each in a worktree of its own, from one commit; codex answers when all have ended", async () => {
    const { data, isError } = await client.call("codex", work("parser", { tries: 3 }));
    expect(isError).toBe(false);
    expect(data).toMatchObject({ success: true, group: "implement-parser" });
    expect(String(data["next"])).toContain('codex_compare with group "implement-parser"');
    const tasks = linesOf(data);
    expect(tasks.map(({ topic }) => topic)).toEqual([1, 2, 3].map((number) => `implement-parser_try${number}-v1`));
    const head = await world.git(repository, "rev-parse", "HEAD");
    for (const [index, task] of tasks.entries()) {
      const worktree_dir = join(world.root, `project-agent-implement-parser_try${index + 1}`);
      expect(task).toMatchObject({ success: true, status: "completed", worktree_dir, base_commit: head });
      expect(readFileSync(join(worktree_dir, "made.txt"), "utf8")).toBe(`${worktree_dir}\n`);
      expect(recordOf(world, task.task_id)["group"]).toEqual({ id: "implement-parser", number: index + 1, of: 3 });
    }
  });

  test("settings of tries are read like other arguments, and none is lost in silence", async () => {
    const variants = [{ reasoningEffort: "high", model: null }, { seed: 7 }];
    const { data } = await client.call("codex", work("settings", { variants }));
    expect(data).toMatchObject({ success: true });
    expect(String(data["note"])).toContain("Ignored unknown parameters: variants.1.seed.");
    const records = linesOf(data).map(({ task_id }) => recordOf(world, task_id));
    expect(records.map((record) => record["reasoning_effort"])).toEqual(["high", undefined]);
    const refused = await client.call("codex", work("refused", { variants: [{ prompt: "Other." }] }));
    expect(refused.isError).toBe(true);
    expect(refused.data["error"]).toContain("variants.0.prompt: did you mean prompt_suffix?");
  });

  test("codex_dispatch answers at once with the group and its tasks", async () => {
    const open = scriptGated(world, "GATED-DISPATCH");
    const { data } = await client.call("codex_dispatch", work("dispatched", { prompt: "GATED-DISPATCH", tries: 2 }));
    const ids = ["codex-implement-dispatched_try1-v1", "codex-implement-dispatched_try2-v1"];
    expect(data).toMatchObject({ group: "implement-dispatched", task_ids: ids });
    expect(linesOf(data).map(({ status }) => status)).toEqual(["running", "running"]);
    open();
    const { data: waited } = await client.call("codex_wait", {
      task_ids: ["implement-dispatched"],
      mode: "all",
      timeout_seconds: 60,
    });
    expect(waited["done"]).toMatchObject(ids.map((task_id) => ({ task_id, success: true })));
  });

  test("all start from one commit and one state of the files, though both change all the time", async () => {
    const busy = await world.repository("busy");
    const commit = "git commit --quiet --allow-empty -m Moved; date +%N > mine.txt";
    const mover = Bun.spawn(["sh", "-c", `while :; do ${commit}; done`], { cwd: busy, env: world.environment() });
    try {
      for (const more of [{}, { include_uncommitted: true }, { base: "main" }]) {
        const request = { ...work("moving", { cwd: busy }), tries: 6, commit: "never", ...more };
        const { data } = await client.call("codex", request);
        expect(data["success"]).toBe(true);
        const tasks = linesOf(data);
        expect(new Set(tasks.map(({ base_commit }) => base_commit)).size).toBe(1);
        for (const { worktree_dir = "", base_commit } of tasks) {
          expect(await world.git(worktree_dir, "rev-parse", "HEAD")).toBe(String(base_commit));
        }
      }
    } finally {
      mover.kill();
      await mover.exited;
    }
  });

  test("uncommitted changes are the same for all, and the base is the branch that was named", async () => {
    writeFileSync(join(repository, "mine.txt"), "mine\n");
    const { data } = await client.call("codex", work("seeded", { tries: 3, include_uncommitted: true }));
    const tasks = linesOf(data);
    expect(new Set(tasks.map(({ base_commit }) => base_commit)).size).toBe(1);
    for (const { worktree_dir = "" } of tasks) expect(existsSync(join(worktree_dir, "mine.txt"))).toBe(true);
    await world.git(repository, "branch", "older");
    const older = await world.git(repository, "rev-parse", "older");
    await world.git(repository, "commit", "--quiet", "--allow-empty", "-m", "Newer");
    const based = linesOf((await client.call("codex", work("based", { tries: 2, base: "older" }))).data);
    expect(based).toMatchObject([
      { base_commit: older, base_branch: "older" },
      { base_commit: older, base_branch: "older" },
    ]);
  });

  test("a second group of the same words has a name of its own, also where only a branch is left", async () => {
    const first = await client.call("codex", work("again", { tries: 2 }));
    const second = await client.call("codex", work("again", { tries: 2 }));
    await world.git(repository, "branch", "agent/implement-again_3_try2");
    const third = await client.call("codex", work("again", { tries: 2 }));
    expect([first, second, third].map(({ data }) => data["group"])).toEqual([
      "implement-again",
      "implement-again_2",
      "implement-again_4",
    ]);
    expect([first, second, third].map(({ data }) => data["success"])).toEqual([true, true, true]);
    // Neither name is taken for the other.
    const { data } = await client.call("codex_status", { task_id: "implement-again" });
    expect(linesOf(data).map(({ topic }) => topic)).toEqual(["implement-again_try1-v1", "implement-again_try2-v1"]);
  });

  test("two servers that start the same words at the same moment get two groups", async () => {
    const other = await world.client();
    const answers = await Promise.all(
      [client, other].map((each) => each.call("codex", work("at once", { tries: 3, sandbox: "full-access" }))),
    );
    for (const { data } of answers) expect(data).toMatchObject({ success: true });
    const groups = new Set(answers.map(({ data }) => data["group"]));
    expect(groups).toEqual(new Set(["implement-at_once", "implement-at_once_2"]));
    for (const { data } of answers) expect(linesOf(data)).toHaveLength(3);
  });

  test("a topic that follows the grammar, very long names, and hostile ones become valid topics", async () => {
    for (const [topic, group] of [
      ["review-strict-v7", "review-strict"],
      [`review-${"x".repeat(100)}-v999999999`, /^review-x{73}_[0-9a-z]{6}$/],
      ["review-old-v2-v1", "review-old-v2_tries"],
      ["$(touch /tmp/x); `id` ../../etc %s'\"", "review-touch_tmp_x_id_etc_s"],
    ] as const) {
      const request = { prompt: "SAY-HELLO", cwd: repository, topic, sandbox: "read-only", tries: 2 };
      const { data } = await client.call("codex", request);
      expect(data["group"]).toMatch(group);
      expect(data["success"]).toBe(true);
      const { data: shown } = await client.call("codex_status", { task_id: data["group"] });
      expect(linesOf(shown)).toHaveLength(2);
    }
  });
});

test("a try that cannot be started is named, and the others run", async () => {
  // Somebody holds the lock with which the second is started.
  const live = join(world.folderOf("codex-implement-held_try2-v1"), "live");
  mkdirSync(live, { recursive: true });
  const lock = tryHold(join(live, "starter.lock"));
  const { data, isError } = await client.call("codex", work("held", { tries: 3 }));
  lock?.release();
  expect(isError).toBe(false);
  expect(data).toMatchObject({ success: false, not_started: [{ number: 2, code: "state_unusable" }] });
  expect(linesOf(data)).toMatchObject([
    { topic: "implement-held_try1-v1", success: true },
    { topic: "implement-held_try3-v1", success: true },
  ]);
});

describe("variants", () => {
  test("settings and a suffix of the prompt, used in turn", async () => {
    const variants = [
      { model: "model-a", reasoning_effort: "low" },
      { model: "model-b", prompt_suffix: "Keep it short." },
    ];
    const request = { prompt: "SAY-HELLO", cwd: repository, topic: "varied", tries: 3, variants, model: "other" };
    const { data } = await client.call("codex", request);
    const tasks = linesOf(data);
    expect(tasks.map(({ task_id }) => recordOf(world, task_id)["model"])).toEqual(["model-a", "model-b", "model-a"]);
    expect(tasks.map(({ task_id }) => recordOf(world, task_id)["reasoning_effort"])).toEqual(["low", undefined, "low"]);
    const prompts = tasks.map(({ task_id }) => readFileSync(join(world.folderOf(task_id), "prompt.md"), "utf8"));
    expect(prompts).toEqual(["SAY-HELLO", "SAY-HELLO\n\nKeep it short.", "SAY-HELLO"]);
    const asked = world.stub.requests.filter(({ input }) => JSON.stringify(input).includes("Keep it short."));
    expect(asked.map(({ model }) => model)).toEqual(["model-b"]);
  });

  test("one try for each without a number; one without variants is an ordinary task", async () => {
    const request = { prompt: "SAY-HELLO", cwd: repository };
    const each = await client.call("codex", { ...request, topic: "each", variants: [{}, { model: "model-b" }] });
    expect(linesOf(each.data)).toHaveLength(2);
    const one = await client.call("codex", { ...request, topic: "one", tries: 1, variants: [] });
    expect(one.data).toMatchObject({ success: true, topic: "review-one-v1" });
    expect(one.data["group"]).toBeUndefined();
  });
});

describe("a refusal starts none", () => {
  const isRefused = async (more: object, code: string) => {
    const { isError, data } = await client.call("codex_dispatch", work("refused", { tries: 3, ...more }));
    expect({ isError, code: data["code"] }).toEqual({ isError: true, code });
    expect((await client.call("codex_status", { task_id: "implement-refused" })).data["code"]).toBe("unknown_task");
    expect(await world.git(repository, "branch", "--list", "agent/implement-refused*")).toBe("");
    return String(data["error"]);
  };

  test.each([
    ["a session that two would write to", { session_id: "0198c2f0-0000-7000-8000-000000000000" }, "invalid_argument"],
    ["a resumed task", { resume: "codex-implement-parser_try1-v1" }, "invalid_argument"],
    ["a fork", { fork: "codex-implement-parser_try1-v1" }, "invalid_argument"],
    ["more variants than tries", { variants: [{}, {}, {}, {}] }, "invalid_argument"],
    ["too many tries", { tries: 11 }, "invalid_argument"],
    ["an unknown profile of the last variant", { variants: [{}, {}, { profile: "no-such" }] }, "unknown_profile"],
    ["an unknown base", { base: "no-such" }, "unknown_branch"],
    ["an endless suffix", { variants: [{ prompt_suffix: "x".repeat(1024 * 1024) }] }, "invalid_prompt"],
  ])("%s", async (_, more, code) => {
    await isRefused(more, code);
  });

  test("outside git, where all would change the same files", async () => {
    const plain = world.folder("plain");
    expect(await isRefused({ cwd: plain }, "invalid_argument")).toContain("not in a git repository");
    const { data } = await client.call("codex", { prompt: "SAY-HELLO", cwd: plain, topic: "plain", tries: 2 });
    expect(data["success"]).toBe(true);
  });
});
