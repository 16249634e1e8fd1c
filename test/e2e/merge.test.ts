import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../support/command-line.ts";
import type { McpClient, ToolAnswer } from "../support/mcp-client.ts";
import { World } from "../support/world.ts";

let world: World;
let client: McpClient;
let repo: string;
let number = 0;

beforeAll(async () => {
  world = new World();
  const script = (marker: string, commands: string) => world.stub.script(marker, [{ run: commands }, { say: "Done." }]);
  script(
    "ADD-ONE",
    "echo one > one.txt; git add .; git commit -qm 'Add one'; echo more >> one.txt; git commit -qam 'More of one'",
  );
  script("CHANGE-ONE", "sed -i s/one/uno/ one.txt; git commit -qam 'Say it otherwise'");
  script("ADD-TWO", "echo two > two.txt; git add .; git commit -qm 'Add two'");
  script("EDIT-A", "sed -i 's/middle/MIDDLE A/' text.txt; git commit -qam 'Edit as A'");
  script("EDIT-B", "sed -i 's/middle/MIDDLE B/' text.txt; git commit -qam 'Edit as B'");
  script("LEAVE-OPEN", "echo open > open.txt");
  client = await world.client();
});
beforeEach(async () => {
  repo = await world.repository(`project-${++number}`);
  writeFileSync(join(repo, "text.txt"), `${"line\n".repeat(5)}middle\n${"line\n".repeat(5)}`);
  await git("add", ".");
  await git("commit", "--quiet", "-m", "Text");
});
afterAll(() => world.close());

const git = (...args: string[]) => world.git(repo, ...args);
/** A topic of this test's own: another repository's would get another id. */
const topicOf = (name: string) => `implement-${name}_${number}-v1`;

async function work(prompt: string, name: string, more: object = {}, from = client): Promise<string> {
  const { data } = await from.call("codex", {
    prompt,
    cwd: repo,
    topic: topicOf(name),
    sandbox: "full-access",
    ...more,
  });
  expect(data).toMatchObject({ success: true });
  return String(data["task_id"]);
}

async function merge(ids: string[], more: object = {}): Promise<ToolAnswer> {
  return client.call("codex_merge", { task_ids: ids, ...more });
}

describe("each strategy", () => {
  test("squash: one commit, made of topic and task, by the user", async () => {
    const one = await work("ADD-ONE", "one");
    const { data } = await merge([one]);
    expect(data).toMatchObject({ success: true, merged: [{ task_id: one, into: "main" }] });
    expect(await git("log", "--format=%an: %s", "-2")).toBe(`Test: Implement one ${number}\nTest: Text`);
    expect(await git("log", "--format=%b", "-1")).toContain(`Task: ${one}`);
    expect(readFileSync(join(repo, "one.txt"), "utf8")).toBe("one\nmore\n");
    expect(await git("status", "--porcelain")).toBe("");
  });

  test("merge: a commit of two parents", async () => {
    const one = await work("ADD-ONE", "one");
    await git("commit", "--quiet", "--allow-empty", "-m", "Meanwhile");
    await merge([one], { strategy: "merge", message: "Bring one in" });
    expect(await git("log", "--format=%s", "--first-parent", "-2")).toBe("Bring one in\nMeanwhile");
    expect(await git("rev-list", "--count", "HEAD")).toBe("6");
  });

  test("rebase: the task's own commits, on top, with their authors and times", async () => {
    const one = await work("ADD-ONE", "one");
    const times = await git("log", "--format=%an %ad %s", "-2", `agent/implement-one_${number}`);
    await git("commit", "--quiet", "--allow-empty", "-m", "Meanwhile");
    await merge([one], { strategy: "rebase" });
    expect(await git("log", "--format=%an %ad %s", "-2")).toBe(times);
    expect(await git("log", "--format=%s", "-3")).toEndWith("Meanwhile");
  });

  test("ff-only: moves the branch, or says why it cannot", async () => {
    const [one, two] = [await work("ADD-ONE", "one"), await work("ADD-TWO", "two")];
    expect((await merge([one], { strategy: "ff-only" })).data).toMatchObject({ success: true });
    expect(await git("rev-parse", "HEAD")).toBe(await git("rev-parse", `agent/implement-one_${number}`));
    expect((await merge([two], { strategy: "ff-only" })).data).toMatchObject({ code: "not_fast_forward", merged: [] });
  });

  test("into a branch that is not checked out: no working tree is touched", async () => {
    await git("branch", "develop");
    const one = await work("ADD-ONE", "one");
    expect((await merge([one], { into: "develop" })).data).toMatchObject({ merged: [{ into: "develop" }] });
    expect(existsSync(join(repo, "one.txt"))).toBe(false);
    expect(await git("show", "develop:one.txt")).toBe("one\nmore");
    expect((await merge([one], { into: "no-such" })).data).toMatchObject({ code: "unknown_branch" });
    expect((await merge([one], { into: "--force" })).data).toMatchObject({ code: "unknown_branch" });
  });

  test("once more: there already", async () => {
    const one = await work("ADD-ONE", "one");
    await merge([one], { strategy: "merge" });
    const head = await git("rev-parse", "HEAD");
    expect((await merge([one], { strategy: "merge" })).data).toMatchObject({
      success: true,
      merged: [{ diff_stat: "" }],
    });
    expect(await git("rev-parse", "HEAD")).toBe(head);
  });
});

describe("work that goes on after it was merged", () => {
  test.each(["squash", "rebase"])(
    "%s: what is new is merged, once, also where it changes what was merged before",
    async (strategy) => {
      const one = await work("ADD-ONE", "one");
      await merge([one], { strategy });
      const first = await git("rev-parse", "HEAD");
      expect((await merge([one], { strategy })).data).toMatchObject({
        success: true,
        merged: [{ diff_stat: "", commit: first }],
      });
      const two = await work("CHANGE-ONE", "one", { topic: `implement-one_${number}-v2` });
      await git("commit", "--quiet", "--allow-empty", "-m", "Meanwhile");
      expect((await merge([two], { strategy })).data).toMatchObject({
        success: true,
        merged: [{ diff_stat: expect.stringContaining("1 file") as string }],
      });
      expect(readFileSync(join(repo, "one.txt"), "utf8")).toBe("uno\nmore\n");
      expect(await git("rev-list", "--count", "HEAD")).toBe(strategy === "squash" ? "5" : "6");
    },
  );

  test("a merge that was taken back is done again", async () => {
    const one = await work("ADD-ONE", "one");
    await merge([one]);
    expect((await runCli(world, ["worktrees"])).stdout).toMatch(
      new RegExp(`implement-one_${number} +\\S+ +idle, merged`),
    );
    await git("reset", "--quiet", "--hard", "HEAD~1");
    expect((await runCli(world, ["worktrees"])).stdout).not.toMatch(
      new RegExp(`implement-one_${number} +\\S+ +idle, merged`),
    );
    expect((await merge([one])).data).toMatchObject({ success: true });
    expect(readFileSync(join(repo, "one.txt"), "utf8")).toBe("one\nmore\n");
  });
});

describe("several tasks", () => {
  test("are merged in order, up to the first conflict, which changes nothing and names file and lines", async () => {
    const ids = [await work("EDIT-A", "a"), await work("EDIT-B", "b"), await work("ADD-ONE", "one")];
    const { isError, data } = await merge(ids);
    expect(isError).toBe(true);
    expect(data).toMatchObject({
      success: false,
      code: "merge_conflict",
      merged: [{ task_id: ids[0] }],
      conflicting_task: ids[1],
      stopped_at: ids[1],
      conflicts: [{ path: "text.txt", hunks: [{ line: 6 }] }],
      not_attempted: [ids[2]],
    });
    const [{ hunks }] = data["conflicts"] as [{ hunks: { text: string }[] }];
    expect(hunks[0]?.text).toContain("MIDDLE A");
    expect(hunks[0]?.text).toContain("MIDDLE B");
    expect(await git("status", "--porcelain")).toBe("");
    expect(await git("log", "--format=%s", "-1")).toBe(`Implement a ${number}`);
    const cli = await runCli(world, ["merge", ids[1] ?? "", ids[2] ?? ""]);
    expect(cli.exitCode).toBe(1);
    expect(cli.stdout).toContain("line 6:");
    expect(cli.stderr).toContain("Conflicts with main in text.txt");
    expect((await runCli(world, ["merge", ids[2] ?? ""])).stdout).toContain("1 file changed");
  });
});

describe("the user's checkout", () => {
  test("changes that the merge would overwrite: refused; others stay as they are, staged ones too", async () => {
    const one = await work("EDIT-A", "one");
    writeFileSync(join(repo, "text.txt"), "mine\n");
    writeFileSync(join(repo, "README.md"), "staged\n");
    await git("add", "README.md");
    writeFileSync(join(repo, "untracked.txt"), "mine\n");
    const before = await git("status", "--porcelain");
    const refused = await merge([one]);
    expect(refused.data).toMatchObject({ code: "checkout_dirty", merged: [] });
    expect(refused.data["error"]).toContain("text.txt");
    expect(await git("status", "--porcelain")).toBe(before);
    await git("checkout", "--", "text.txt");
    expect((await merge([one])).data).toMatchObject({ success: true });
    expect(await git("status", "--porcelain")).toBe("M  README.md\n?? untracked.txt");
    expect(readFileSync(join(repo, "text.txt"), "utf8")).toContain("MIDDLE A");
  });

  test("an untracked file in the place of a new one: refused, and kept", async () => {
    const one = await work("ADD-ONE", "one");
    writeFileSync(join(repo, "one.txt"), "mine\n");
    expect((await merge([one])).data).toMatchObject({ code: "checkout_dirty" });
    expect(readFileSync(join(repo, "one.txt"), "utf8")).toBe("mine\n");
  });
});

test("two servers make and merge 12 worktrees at the same time: each work gets in, one after the other", async () => {
  const other = await world.client();
  const names = Array.from({ length: 12 }, (_, index) => `w${index}`);
  for (const name of names) {
    world.stub.script(`MAKE-${name}-`, [
      { run: `echo ${name} > ${name}.txt; git add .; git commit -qm ${name}` },
      { say: "Done." },
    ]);
  }
  const ids = await Promise.all(
    names.map((name, index) => work(`MAKE-${name}-`, name, {}, index % 2 === 0 ? client : other)),
  );
  const call = (id: string, index: number) =>
    (index % 2 === 0 ? client : other).call("codex_merge", { task_ids: [id] });
  const answers = await Promise.all(ids.map(call));
  expect(answers.map(({ data }) => data["success"])).toEqual(names.map(() => true));
  for (const name of names) expect(existsSync(join(repo, `${name}.txt`))).toBe(true);
  expect(await git("rev-list", "--count", "--first-parent", "HEAD")).toBe(String(names.length + 2));
  expect(await git("rev-list", "--count", "--merges", "HEAD")).toBe("0");
  expect(await git("status", "--porcelain")).toBe("");
  expect(await git("fsck", "--no-dangling")).toBe("");
});
