// Actions of the board on tasks, as its page requests them: wrong requests, and two at once.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TaskPageData } from "#board/api/task.ts";
import { TASK_ACTION_ROUTES } from "#board/actions/task-action-routes.ts";
import { TestBoard } from "../support/board.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { World } from "../support/world.ts";

let world: World;
let client: McpClient;
let board: TestBoard;
let repo: string;

beforeAll(async () => {
  world = new World();
  client = await world.client();
  repo = await world.repository();
  world.stub.script("CHANGE", [{ run: "echo changed >> README.md" }, { say: "Changed." }]);
  world.stub.script("READ", [{ say: "Read." }]);
  board = await TestBoard.start(world);
});
afterAll(async () => {
  await board.stop();
  await world.close();
});

/** Runs a task to its end. @returns its id */
async function run(prompt: string, topic: string, sandbox = "full-access"): Promise<string> {
  const { data } = await client.call("codex", { prompt, cwd: repo, topic, sandbox });
  expect(data).toMatchObject({ status: "completed" });
  return String(data["task_id"]);
}

const act = async (id: string, action: string, body: object = {}) => {
  const answer = await board.act(`/api/tasks/${encodeURIComponent(id)}/${action}`, body);
  return { status: answer.status, data: (await answer.json()) as Record<string, unknown> };
};
/** The folder of a task's worktree. */
const worktreeOf = async (id: string) => {
  const { worktree } = await read(id);
  if (worktree === undefined) throw new Error(`${id} has no worktree`);
  return worktree.path;
};
const read = async (id: string) => {
  const answer = await board.request(`/api/tasks/${id}`);
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()) as TaskPageData;
};

test("an unknown task is refused with 404 by every route, and by the page's data", async () => {
  const bodies: Record<string, object> = {
    send: { message: "Hello", when: "now" },
    answer: { question: "q1-0", decision: "accept" },
    merge: { strategy: "squash" },
  };
  for (const { path } of TASK_ACTION_ROUTES) {
    const action = path.split("/").at(-1) ?? "";
    const { status, data } = await act("nothing", action, bodies[action] ?? {});
    expect([action, status, data["code"]]).toEqual([action, 404, "unknown_task"]);
  }
  expect((await board.request("/api/tasks/nothing")).status).toBe(404);
});

const LONG = "a".repeat(5000);

test.each([
  ["send", {}],
  ["send", { message: 1, when: "now" }],
  ["send", { message: "Hello", when: "later" }],
  ["answer", { question: "q1-0", decision: "perhaps" }],
  ["answer", { question: LONG, decision: "accept" }],
  ["answer", { question: "q1-0", decision: "accept", values: [] }],
  ["merge", {}],
  ["merge", { strategy: "octopus" }],
  ["merge", { strategy: "squash", discard_others: "yes" }],
  ["merge-preview", { strategy: 1 }],
  ["discard", { skip_large_ignored: 1 }],
  ["open", { path: 1 }],
  ["open", { path: LONG }],
])("%s refuses a wrong body", async (action, body) => {
  const { status, data } = await act("nothing", action, body);
  expect([status, data["code"]]).toEqual([400, "invalid_argument"]);
});

test("a body that is not JSON is refused", async () => {
  const answer = await board.request("/api/tasks/nothing/cancel", { method: "POST", body: "{" });
  expect([answer.status, await answer.json()]).toEqual([400, expect.objectContaining({ code: "invalid_argument" })]);
});

test("a task is found by its id, its topic, and the beginning of either; its page has everything that show prints", async () => {
  const id = await run("CHANGE it", "implement-named-task-v1");
  for (const name of [id, "implement-named-task-v1", "implement-named"]) expect((await read(name)).card.id).toBe(id);
  const page = await read(id);
  expect(page).toMatchObject({
    card: { id, status: "completed", is_unsandboxed: true },
    prompt: "CHANGE it",
    result: "Changed.",
    runs: [{ run: 1, status: "completed", has_log: true }],
    logs_command: `codex-mcp-server logs ${id}`,
    questions: [],
    worktree: { base_branch: await world.git(repo, "branch", "--show-current") },
  });
  expect(page.actions.toSorted()).toEqual(["discard", "merge", "open", "resume"]);
  expect(page.facts.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["started", "ended", "sandbox", "worktree", "branch", "log"]),
  );
  expect(page.files.map(({ name }) => name)).toEqual(expect.arrayContaining(["prompt.md", "result.md", "meta.json"]));
  const hint = (await act(id, "answer", { question: "q1-0", decision: "accept" })).data["hint"];
  expect(hint).toContain("codex-mcp-server resume");
  expect(hint).not.toContain("codex with resume");
});

test("a read-only task has nothing to merge, to discard or to open", async () => {
  const id = await run("READ it", "only-read-v1", "read-only");
  expect((await read(id)).actions).toEqual(["resume"]);
  for (const [action, body] of [
    ["merge-preview", {}],
    ["merge", { strategy: "squash" }],
    ["discard", {}],
    ["restore", {}],
    ["open", {}],
  ] as const) {
    expect((await act(id, action, body)).data).toMatchObject({ code: "no_worktree" });
  }
});

describe("a preview", () => {
  const refs = async () => world.git(repo, "for-each-ref", "--format=%(refname) %(objectname)");

  test("of work that merges shows its size, and changes nothing", async () => {
    const id = await run("CHANGE it", "previewed-v1");
    const before = [await refs(), await world.git(repo, "status", "--porcelain")];
    for (const strategy of ["squash", "merge", "rebase"]) {
      const { data } = await act(id, "merge-preview", { strategy });
      expect(data).toMatchObject({ outcome: "clean", conflicts: [] });
      expect(data["diff_stat"]).toContain("1 file changed, 1 insertion(+)");
    }
    expect([await refs(), await world.git(repo, "status", "--porcelain")]).toEqual(before);
  });

  test("of a conflict shows its lines; a merge is then refused, and changes nothing either", async () => {
    world.stub.script("REPLACE", [{ run: "echo task > README.md" }, { say: "Replaced." }]);
    const id = await run("REPLACE it", "conflicting-v1");
    writeFileSync(join(repo, "README.md"), "mine\n");
    await world.git(repo, "commit", "--quiet", "-am", "Mine");
    const before = await refs();
    const { data } = await act(id, "merge-preview");
    expect(data).toMatchObject({ outcome: "conflict", conflicts: [{ path: "README.md", kind: "1 place" }] });
    const [conflict] = data["conflicts"] as { text: string }[];
    expect(conflict?.text).toContain("mine");
    expect(conflict?.text).toContain("task");
    expect((await act(id, "merge", { strategy: "squash" })).data).toMatchObject({ code: "merge_conflict" });
    expect([await refs(), readFileSync(join(repo, "README.md"), "utf8")]).toEqual([before, "mine\n"]);
  });

  test("that would overwrite uncommitted changes says so", async () => {
    world.stub.script("ADD", [{ run: "echo task > added.txt" }, { say: "Added." }]);
    const id = await run("ADD it", "adding-v1");
    writeFileSync(join(repo, "added.txt"), "mine\n");
    const { data } = await act(id, "merge-preview");
    expect(data).toMatchObject({ outcome: "refused", failure: { code: "checkout_dirty" } });
    expect((await act(id, "merge", { strategy: "squash" })).data).toMatchObject({ code: "checkout_dirty" });
    expect(readFileSync(join(repo, "added.txt"), "utf8")).toBe("mine\n");
    await world.git(repo, "clean", "--force", "--quiet");
  });
});

test("a merge that is requested twice at once merges once", async () => {
  world.stub.script("MAKE", [{ run: "echo made > made.txt" }, { say: "Made." }]);
  const id = await run("MAKE it", "merged-twice-v1");
  const count = async () => Number(await world.git(repo, "rev-list", "--count", "HEAD"));
  const before = await count();
  const both = await Promise.all([1, 2].map(async () => act(id, "merge", { strategy: "squash" })));
  expect(both.map(({ status }) => status)).toEqual([200, 200]);
  expect(await count()).toBe(before + 1);
  expect(existsSync(join(repo, "made.txt"))).toBe(true);
  expect((await act(id, "merge-preview")).data).toMatchObject({ outcome: "no_changes" });
});

test("a discard that is requested twice at once discards once; so does a restore", async () => {
  const id = await run("CHANGE it", "discarded-twice-v1");
  const folder = await worktreeOf(id);
  writeFileSync(join(folder, "untracked.txt"), "kept\n");
  const twice = async (action: string) => {
    const both = await Promise.all([1, 2].map(async () => act(id, action)));
    return both.toSorted((one, other) => one.status - other.status);
  };
  const [discarded, refused] = await twice("discard");
  expect(discarded).toMatchObject({ status: 200, data: { message: expect.stringContaining("1 other file") } });
  expect(refused).toMatchObject({ status: 400, data: { code: "worktree_gone" } });
  expect((await read(id)).actions).toContain("restore");
  const [restored, again] = await twice("restore");
  expect(restored).toMatchObject({ status: 200 });
  expect(again).toMatchObject({ status: 400, data: { code: "worktree_path_taken" } });
  expect(readFileSync(join(folder, "untracked.txt"), "utf8")).toBe("kept\n");
});

test("a merge of one try discards the others, if that is wanted, and only of a group", async () => {
  world.stub.script("TRY", [{ run: "echo try > try.txt" }, { say: "Tried." }]);
  const request = { prompt: "TRY it", cwd: repo, topic: "tried", sandbox: "full-access", tries: 2 };
  const { data } = await client.call("codex_dispatch", request);
  const ids = (data["tasks"] as { task_id: string }[]).map(({ task_id }) => task_id);
  const [first = "", second = ""] = ids;
  for (const id of ids) await world.waitForEnd(client, id);
  expect((await read(first)).other_tries).toEqual([second]);
  expect((await act(first, "merge", { strategy: "squash", discard_others: true })).data).toMatchObject({
    into: "main",
    discarded: [second],
    failed: [],
  });
  expect((await read(second)).actions).toContain("restore");
  const alone = await run("CHANGE it", "without-group-v1");
  const refused = await act(alone, "merge", { strategy: "squash", discard_others: true });
  expect(refused).toMatchObject({ status: 400, data: { code: "invalid_argument" } });
});

test("a cancel of a task that has ended changes nothing, and says so", async () => {
  const id = await run("READ it", "ended-v1", "read-only");
  const { status, data } = await act(id, "cancel");
  expect([status, data["message"]]).toEqual([200, "The task had already ended (completed)."]);
});

test("a read-only board refuses every action", async () => {
  const other = await TestBoard.start(world, ["--read-only"]);
  for (const { path } of TASK_ACTION_ROUTES) {
    expect((await other.act(path.replace(":id", "nothing"))).status).toBe(403);
  }
  await other.stop();
});
