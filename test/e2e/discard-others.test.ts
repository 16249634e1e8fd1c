// A merge of one try that discards the others, which can be restored.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../support/command-line.ts";
import type { McpClient } from "../support/mcp-client.ts";
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

test("merges one, and discards the rest; restore brings each back as it was", async () => {
  const group = await tries("chosen", ["WAY-A", "WAY-B", "WAY-C"], { commit: "never" });
  const [a = "", b = "", c = ""] = idsOf(group);
  const folders = linesOf(group).map(({ worktree_dir }) => String(worktree_dir));
  const before = await world.git(folders[0] ?? "", "status", "--porcelain");
  const merged = await client.call("codex_merge", { task_ids: [b], discard_others: true });
  expect(merged.data).toMatchObject({
    success: true,
    merged: [{ task_id: b }],
    discarded: [
      { task_id: a, restore: { task_id: a, restore: true } },
      { task_id: c, restore: { task_id: c, restore: true } },
    ],
  });
  expect(folders.map((folder) => existsSync(folder))).toEqual([false, true, false]);
  expect(readFileSync(join(repo, "shared.txt"), "utf8")).toBe("b\n");
  const [first] = merged.data["discarded"] as { restore: object }[];
  await client.call("codex_discard", first?.restore ?? {});
  expect(await world.git(folders[0] ?? "", "status", "--porcelain")).toBe(before);
  const { data } = await client.call("codex_compare", { group: "implement-chosen" });
  expect(linesOf(data)[1]).toHaveProperty("merged");
});

test("is refused while another try runs, for several tasks, and for one of no group; nothing is merged", async () => {
  await client.call("codex", workIn(repo, "alone", { prompt: "SAME-1" }));
  await tries("uncommitted", ["WAY-C", "WAY-B"], { commit: "never" });
  const open = scriptGated(world, "EARLY-GATE");
  const variants = ["SAME-1", "EARLY-GATE"].map((prompt_suffix) => ({ prompt_suffix }));
  const started = await client.call("codex_dispatch", workIn(repo, "early", { prompt: "Do it.", variants }));
  const [one = "", two = ""] = started.data["task_ids"] as string[];
  await client.call("codex_wait", { task_ids: [one], timeout_seconds: 60 });
  const head = await world.git(repo, "rev-parse", "HEAD");
  const refuse = async (task_ids: string[]) => {
    const { isError, data } = await client.call("codex_merge", { task_ids, discard_others: true });
    expect(isError).toBe(true);
    return data;
  };
  expect(await refuse([one])).toMatchObject({ code: "task_running", error: expect.stringContaining(two) as string });
  expect(await refuse([one, two])).toMatchObject({ code: "invalid_argument" });
  expect(await refuse(["implement-alone-v1"])).toMatchObject({ code: "invalid_argument" });
  open();
  await client.call("codex_wait", { task_ids: ["implement-early"], mode: "all", timeout_seconds: 60 });
  // A merge that fails, and one of nothing, discard nothing.
  expect(await refuse(["implement-uncommitted_try1-v1"])).toMatchObject({ code: "uncommitted_work" });
  const nothing = await client.call("codex_merge", { task_ids: [two], discard_others: true });
  expect(nothing.data).toMatchObject({ success: true, merged: [], discarded: [] });
  expect(await world.git(repo, "rev-parse", "HEAD")).toBe(head);
});

test("one that cannot be discarded is named, and the others are discarded; a second call does the rest", async () => {
  const group = await tries("partly", ["SAME-1", "WAY-B", "SAME-2"]);
  const [a = "", b = "", c = ""] = idsOf(group);
  const locked = String(linesOf(group)[1]?.worktree_dir);
  await world.git(repo, "worktree", "lock", locked);
  const first = await client.call("codex_merge", { task_ids: [a], discard_others: true });
  expect(first.data).toMatchObject({
    discarded: [{ task_id: c }],
    not_discarded: [{ task_id: b, code: "worktree_locked" }],
  });
  await world.git(repo, "worktree", "unlock", locked);
  const { exitCode, stdout } = await runCli(world, ["merge", a, "--discard-others"]);
  expect({ exitCode, stdout }).toEqual({
    exitCode: 0,
    stdout: expect.stringContaining("restore codex-implement-partly_try2-v1") as string,
  });
});
