// What the check of a task leaves in its worktree is no work, also for forks, comparisons and conflicts; and what is said of a check holds
// for the work as it is.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { CheckWorld } from "../support/check-world.ts";
import { TESTED_ENGINES } from "../support/engines.ts";
import { limitUsage } from "../support/usage-limit.ts";

/** Leaves files that differ each time. */
const LEAVING = "mkdir -p out; date +%s%N$$ > report.txt; date +%s%N$$ > out/deep.txt";

let world: CheckWorld;
type Answer = Record<string, unknown>;

beforeAll(async () => {
  world = await CheckWorld.open();
  for (const name of ["a", "b"]) {
    world.stub.script(`MAKE-${name}`, [{ run: `echo ${name} > ${name}.txt` }, { say: "Made." }]);
  }
});
afterAll(() => world.close());

/** Returns the names of the files that the commits of a task's branch change. */
async function committedOf({ worktree_dir, base_commit }: Answer): Promise<string[]> {
  const names = await world.git(String(worktree_dir), "diff", "--name-only", String(base_commit), "HEAD");
  return names.split("\n");
}

async function fork(taskId: unknown, topic: string): Promise<Answer> {
  const request = { prompt: "SAY-HELLO", cwd: world.cwd, sandbox: "full-access", fork: taskId, topic, check: "" };
  return world.call("app-server", "codex", request);
}

test("what checks have left is neither compared, nor in conflict, nor part of a fork", async () => {
  const [a, b] = [
    await world.runTask("app-server", "MAKE-a", "traces-a", { check: LEAVING }),
    await world.runTask("app-server", "MAKE-b", "traces-b", { check: LEAVING }),
  ];
  expect(a).toMatchObject({ success: true, uncommitted_changes: ["?? out/deep.txt", "?? report.txt"] });
  const status = async () => world.status(String(b["task_id"]));
  await world.until(async () => (await status())["not_compared"] === undefined);
  expect(await status()).toMatchObject({ merges_cleanly: true });
  expect(await status()).not.toHaveProperty("conflicts_with");
  const ids = [a["task_id"], b["task_id"]];
  expect(await world.call("exec", "codex_compare", { task_ids: ids })).toMatchObject({
    tasks: [{ changes: { files: 1 } }, { changes: { files: 1 } }],
    files_in_common: [],
  });
  const copy = await fork(a["task_id"], "traces-fork");
  expect(copy).toMatchObject({ success: true, uncommitted_changes: [] });
  expect(await committedOf(copy)).toEqual(["a.txt"]);
});

test("what a running check has written so far is not part of a fork", async () => {
  const go = join(world.root, "go-on");
  const check = `${LEAVING}; touch ${go}-begun; until [ -e ${go} ]; do sleep 0.05; done`;
  const taskId = await world.dispatch("app-server", "MAKE-a", "traces-running", { check });
  await world.untilThere(`${go}-begun`);
  const copy = await fork(taskId, "traces-fork-running");
  await Bun.write(go, "");
  expect(await committedOf(copy)).toEqual(["a.txt"]);
  expect(await world.wait(taskId)).toMatchObject([{ success: true }]);
});

describe.each([...TESTED_ENGINES])("with %s", (engine) => {
  test("a check that has passed is not said of the work of a later turn that failed", async () => {
    const isLater = (text: string) => text.includes("MAKE-b");
    limitUsage(world.stub, 90_000, "headers", { isLimited: ({ input }) => isLater(JSON.stringify(input)) });
    const go = join(world.root, `go-${engine}`);
    const check = `touch ${go}-begun; until [ -e ${go} ]; do sleep 0.05; done`;
    const taskId = await world.dispatch(engine, "MAKE-a", `later-${engine}`, { check });
    await world.untilThere(`${go}-begun`);
    await world.call(engine, "codex_send", { task_id: taskId, message: "MAKE-b", when: "after" });
    await Bun.write(go, "");
    const [ended] = (await world.wait(taskId)) as Answer[];
    world.stub.refuse = () => undefined;
    world.forgetLimits();
    expect(ended).toMatchObject({ success: false, code: "rate_limited" });
    expect(ended).not.toHaveProperty("check");
  });
});
