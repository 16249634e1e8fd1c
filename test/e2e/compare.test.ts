// A comparison of tasks, and the differences between two works.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../support/command-line.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { TOKENS_PER_ANSWER } from "../support/model-stub.ts";
import { TaskWorld } from "../support/task-world.ts";
import { idsOf, linesOf, makeEdited, runWays, scriptGated, workIn } from "../support/tries.ts";

let world: TaskWorld;
let client: McpClient;
let repo: string;

beforeAll(async () => {
  world = new TaskWorld();
  repo = await makeEdited(world);
  client = await world.client();
});
afterAll(() => world.close());

const tries = (topic: string, ways: readonly string[], more: object = {}) => runWays(client, repo, topic, ways, more);
const compare = async (args: object) => (await client.call("codex_compare", args)).data;

describe("a comparison", () => {
  test("of renamed, binary, deleted, committed and uncommitted files", async () => {
    const group = await tries("files", ["WAY-A", "WAY-B", "WAY-C"], { commit: "never" });
    const [a, b, c] = idsOf(group);
    const data = await compare({ group: "implement-files" });
    const tokens = 2 * (TOKENS_PER_ANSWER.input + TOKENS_PER_ANSWER.output);
    expect(linesOf(data)).toMatchObject([
      { task_id: a, status: "completed", tokens, changes: { files: 3, insertions: 2, deletions: 0 } },
      { task_id: b, changes: { files: 3, insertions: 1, deletions: 20 }, result: "WAY-B is done." },
      { task_id: c, changes: { files: 2, insertions: 1, deletions: 0 } },
    ]);
    expect(data["files_in_common"]).toEqual([
      { path: "binary.bin", tasks: [b, c] },
      { path: "old name.txt", tasks: [a, c] },
      { path: "shared.txt", tasks: [a, b] },
    ]);
    expect(data["identical"]).toEqual([]);
  });

  test("names those whose files are the same, whether committed or not", async () => {
    const [one, two] = idsOf(await tries("same", ["SAME-1", "SAME-2", "WAY-A"], { commit: "never" }));
    expect((await compare({ task_ids: ["implement-same"] }))["identical"]).toEqual([[one, two]]);
  });

  test("of completed, failed, running, cancelled and read-only tasks, those of a group and others", async () => {
    const open = scriptGated(world, "GATED");
    const variants = ["WAY-A", "FAIL-IT", "GATED"].map((prompt_suffix) => ({ prompt_suffix }));
    const request = workIn(repo, "states", { prompt: "Do it.", variants });
    const ids = (await client.call("codex_dispatch", request)).data["task_ids"] as string[];
    const [done = "", failed = "", running = ""] = ids;
    await client.call("codex_wait", { task_ids: [done, failed], mode: "all", timeout_seconds: 60 });
    await client.call("codex", { prompt: "LONG", cwd: repo, topic: "reader", sandbox: "read-only" });
    const data = await compare({ group: "implement-states", task_ids: ["review-reader-v1"] });
    expect(linesOf(data)).toMatchObject([
      { task_id: done, status: "completed" },
      {
        task_id: failed,
        status: "failed",
        error: expect.stringContaining("went wrong") as string,
        changes: { files: 1 },
      },
      { task_id: running, status: "running", changes: { files: 0 } },
      { task_id: "codex-review-reader-v1", status: "completed" },
    ]);
    const reader = linesOf(data)[3] as unknown as Record<string, string>;
    expect(reader["changes"]).toBeUndefined();
    expect(reader["result"]?.length).toBeLessThan(1000);
    expect(readFileSync(reader["result_file"] ?? "", "utf8")).toHaveLength(50_000);
    await client.call("codex_cancel", { task_id: running });
    open();
    expect(linesOf(await compare({ group: "implement-states" }))[2]).toMatchObject({ status: "cancelled" });
  });

  test("a try whose worktree was discarded or is broken is compared as far as possible, and the others fully", async () => {
    const group = await tries("gone", ["WAY-A", "WAY-B", "SAME-1"]);
    const [a = "", b = "", c = ""] = idsOf(group);
    await client.call("codex_discard", { task_id: a });
    const broken = String(linesOf(group)[2]?.worktree_dir);
    writeFileSync(join(broken, ".git"), "gitdir: /nowhere\n");
    const lines = linesOf(await compare({ group: "implement-gone" })) as unknown as Record<string, unknown>[];
    expect(lines).toMatchObject([
      // Without its files, a rename counts as two.
      { task_id: a, changes: { files: 4 }, note: expect.stringContaining("does not exist") as string },
      { task_id: b, changes: { files: 3, insertions: 1, deletions: 20 } },
      { task_id: c, changes: { files: 1 }, note: expect.any(String) as string },
    ]);
    expect(lines[1]?.["note"]).toBeUndefined();
    const { isError, data } = await client.call("codex_compare", { diff: [a, b] });
    expect({ isError, code: data["code"] }).toEqual({ isError: true, code: "worktree_gone" });
  });

  test.each([
    ["one task", { task_ids: ["implement-files_try1-v1"] }, "invalid_argument"],
    [
      "the same task twice",
      { task_ids: ["implement-files_try1-v1", "codex-implement-files_try1-v1"] },
      "invalid_argument",
    ],
    ["nothing", {}, "invalid_argument"],
    ["an unknown group", { group: "implement-unknown" }, "unknown_task"],
    ["a work with itself", { diff: ["implement-files_try1-v1", "implement-files_try1-v1"] }, "invalid_argument"],
    ["the work of a reader", { diff: ["implement-files_try1-v1", "review-reader-v1"] }, "no_worktree"],
    ["a group as one work", { diff: ["implement-files", "implement-files_try1-v1"] }, "unknown_task"],
    ["hostile names", { task_ids: ["../../etc", "$(touch x)"] }, "unknown_task"],
  ])("%s is refused", async (_, args, code) => {
    const { isError, data } = await client.call("codex_compare", args);
    expect({ isError, code: data["code"] }).toEqual({ isError: true, code });
  });
});

describe("the differences between two works", () => {
  test("statistics, and a patch that makes one of the other; nothing of either changes", async () => {
    const group = await tries("patch", ["WAY-A", "WAY-B"], { commit: "never" });
    const [a = "", b = ""] = idsOf(group);
    const [from, to] = linesOf(group).map(({ worktree_dir }) => String(worktree_dir)) as [string, string];
    const index = join(repo, ".git", "worktrees", "project-agent-implement-patch_try1", "index");
    const look = async () => [
      statSync(index).mtimeMs,
      readFileSync(index, "latin1"),
      await world.git(repo, "count-objects", "-v"),
      await world.git(repo, "for-each-ref"),
    ];
    const before = await look();
    const data = await compare({ diff: [a, b] });
    expect(await look()).toEqual(before);
    expect(data).toMatchObject({ from: a, to: b });
    expect(data["files"]).toEqual([
      { path: "binary.bin", status: "modified" },
      { path: "gone.txt", status: "deleted", added: 0, deleted: 20 },
      { path: "old name.txt", status: "renamed", from: "new name.txt", added: 0, deleted: 0 },
      { path: "shared.txt", status: "modified", added: 1, deleted: 1 },
      { path: "un tracked.txt", status: "deleted", added: 0, deleted: 1 },
    ]);
    const file = String(data["patch_file"]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, "utf8")).toBe(String(data["patch"]));
    await world.git(from, "apply", file);
    await world.run(from, ["diff", "-r", "--exclude=.git", from, to]);
  });

  test("limited to paths, without the patch, and cut to what the client accepts", async () => {
    const [a, b] = ["implement-patch_try1-v1", "implement-patch_try2-v1"];
    const part = await compare({ diff: [b, a], paths: ["shared.txt"] });
    expect(String(part["patch"]).match(/^diff --git/gm) ?? []).toHaveLength(0);
    const small = await world.client({ CODEXMCP_RESULT_LIMIT: "1200" });
    const cut = await small.call("codex_compare", { diff: ["implement-files_try1-v1", "implement-files_try2-v1"] });
    expect(Buffer.byteLength(JSON.stringify(cut.data))).toBeLessThanOrEqual(1200);
    expect(Number(cut.data["patch_left_out"])).toBeGreaterThan(0);
    const stat = await compare({ diff: ["implement-files_try1-v1", "implement-files_try2-v1"], patch: false });
    expect(stat["patch"]).toBeUndefined();
    expect(stat["files"]).toHaveLength(5);
  });

  test("of works in two repositories, and of a branch whose worktree is gone", async () => {
    const other = await world.repository("other");
    const far = await client.call("codex", workIn(other, "far", { prompt: "SAME-1" }));
    const near = await client.call("codex", workIn(repo, "near", { prompt: "SAME-1" }));
    await world.git(other, "worktree", "remove", "--force", String(far.data["worktree_dir"]));
    const data = await compare({ diff: [near.data["task_id"], far.data["task_id"]] });
    expect((data["files"] as { path: string }[]).map(({ path }) => path)).toEqual([
      "README.md",
      "binary.bin",
      "gone.txt",
      "old name.txt",
    ]);
    expect(data["note"]).toBe(
      "codex-implement-far-v1: The worktree is gone: this is the commit of agent/implement-far.",
    );
  });
});

describe("the command", () => {
  const run = (...args: string[]) => runCli(world, ["compare", ...args], {}, repo);

  test("prints a table, JSON, the files that differ, or the patch", async () => {
    const base = await world.git(repo, "rev-list", "--max-parents=0", "HEAD");
    const group = await tries("table", ["SAME-1", "TWO-STEPS"], { commit: "never", base });
    const [a = "", b = ""] = idsOf(group);
    const { stdout } = await run("implement-table");
    expect(stdout).toMatch(/^TASK +STATE +CHANGES +TOKENS +TIME\n/);
    expect(stdout).toMatch(/^codex-implement-table_try1-v1 +✓ completed +1f \+1 -0 +240\*/m);
    expect(stdout).toContain("Changed by several tasks\n  shared.txt (2 tasks)\n");
    expect(JSON.parse((await run(a, b, "--json")).stdout)).toMatchObject({ tasks: [{ task_id: a }, { task_id: b }] });
    expect((await run(a, b, "--stat")).stdout).toContain("modified     +1 -1        shared.txt\n");
    const patch = (await run(a, b, "--diff")).stdout;
    expect(patch).toBe(readFileSync(String((await compare({ diff: [a, b] }))["patch_file"]), "utf8"));
    expect((await run("implement-table", "--diff")).exitCode).not.toBe(0);
  });
});
