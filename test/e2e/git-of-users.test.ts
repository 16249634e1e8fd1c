import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { GitWorld } from "../support/git-world.ts";
import { BINARY } from "../support/world.ts";

let world: GitWorld;
let repo: string;
let number = 0;

beforeAll(() => (world = new GitWorld()));
beforeEach(async () => {
  await world.begin();
  ({ repo, number } = world);
});
afterAll(() => world.close());

describe("the user's git", () => {
  test("safe.bareRepository = explicit: all verbs work", async () => {
    await world.globally("safe.bareRepository", "explicit");
    try {
      const one = await world.work("one", "echo 1 > 1.txt; git add .; git commit -qm one; echo 2 > 2.txt");
      const id = one["task_id"];
      expect((await (await world.own).call("codex_diff", { task_id: id })).data).toMatchObject({ commits_ahead: 2 });
      expect((await world.merge(one)).data).toMatchObject({ success: true, merged: [{ into: "main" }] });
      const list = await world.run(repo, [BINARY, "worktrees"]);
      expect(list).toContain(String(one["agent_branch"]));
      expect((await (await world.own).call("codex_discard", { task_id: id })).data).toMatchObject({ task_id: id });
      expect((await (await world.own).call("codex_discard", { task_id: id, restore: true })).data).toMatchObject({
        task_id: id,
      });
    } finally {
      await world.globally("--unset", "safe.bareRepository");
    }
  });

  test("an identity that only the environment has is the merge's", async () => {
    const config = join(world.home, ".gitconfig");
    const kept = readFileSync(config);
    writeFileSync(config, "[user]\n\tuseConfigOnly = true\n[init]\n\tdefaultBranch = main\n");
    const person = { NAME: "Only Env", EMAIL: "env@example.invalid" };
    const identity = Object.fromEntries(
      ["AUTHOR", "COMMITTER"].flatMap((who) =>
        Object.entries(person).map(([key, value]) => [`GIT_${who}_${key}`, value]),
      ),
    );
    try {
      const known = await world.client(identity);
      for (const strategy of ["squash", "merge", "rebase"]) {
        const one = await world.work(strategy, `echo 1 > ${strategy}.txt; git add .; git commit -qm one`, {}, known);
        await Bun.$`git commit --quiet --allow-empty -m Meanwhile`.cwd(repo).env(world.environment(identity));
        expect((await world.merge(one, { strategy }, known)).data).toMatchObject({ success: true });
        expect(await world.git(repo, "log", "-1", "--format=%an %ce")).toBe("Only Env env@example.invalid");
      }
      const last = await world.work("last", "echo 1 > last.txt; git add .; git commit -qm one", {}, known);
      const refused = await world.merge(last);
      expect(refused.data).toMatchObject({ code: "identity_missing" });
      expect(String(refused.data["hint"])).toContain("user.name");
    } finally {
      writeFileSync(config, kept);
    }
  });

  test("a git folder that is elsewhere, or that .git is a link to: merged into the working tree", async () => {
    const elsewhere = join(world.root, "gits", `project-${number}.git`);
    mkdirSync(dirname(elsewhere), { recursive: true });
    rmSync(join(repo, ".git"), { recursive: true });
    await world.git(repo, "init", "--quiet", "--separate-git-dir", elsewhere);
    await world.git(repo, "add", ".");
    await world.git(repo, "commit", "--quiet", "-m", "Start");
    const one = await world.work("one", "echo 1 > 1.txt; git add .; git commit -qm one");
    expect((await world.merge(one)).data).toMatchObject({ success: true, merged: [{ into: "main" }] });
    expect(existsSync(join(repo, "1.txt"))).toBe(true);
    expect(await world.git(repo, "status", "--porcelain")).toBe("");
    rmSync(join(repo, ".git"));
    const linked = join(world.root, `linked-${number}`);
    renameSync(elsewhere, linked);
    await Bun.$`ln -s ${linked} ${join(repo, ".git")}`;
    await world.git(repo, "worktree", "repair", String(one["worktree_dir"])).catch(() => "");
    const two = await world.work("two", "echo 2 > 2.txt; git add .; git commit -qm two");
    expect((await world.merge(two)).data).toMatchObject({ success: true, merged: [{ into: "main" }] });
    expect(existsSync(join(repo, "2.txt"))).toBe(true);
  });

  test("a repository that was moved: merge and list say so, and find all again when it is back", async () => {
    const one = await world.work("one", "echo 1 > 1.txt; git add .; git commit -qm one");
    const elsewhere = `${repo}-moved`;
    renameSync(repo, elsewhere);
    for (const tool of ["codex_merge", "codex_diff", "codex_discard"]) {
      const args = tool === "codex_merge" ? { task_ids: [one["task_id"]] } : { task_id: one["task_id"] };
      const { data } = await (await world.own).call(tool, args);
      expect(data).toMatchObject({ code: "worktree_moved", error: expect.stringContaining(repo) as string });
    }
    const list = async () => {
      const said = await world.run(world.root, [BINARY, "worktrees", "--json"]);
      return (JSON.parse(said) as { worktrees: object[] }).worktrees;
    };
    const path = one["worktree_dir"];
    expect(await list()).toContainEqual(expect.objectContaining({ worktree_dir: path, state: "unreadable" }));
    renameSync(elsewhere, repo);
    expect(await list()).toContainEqual(expect.objectContaining({ worktree_dir: path, state: "idle" }));
    expect((await world.merge(one)).data).toMatchObject({ success: true, merged: [{ into: "main" }] });
  });

  test("a worktree that was moved: diff and discard name its new place, and how it comes back", async () => {
    const one = await world.work("one", "echo 1 > 1.txt; git add .; git commit -qm one");
    const [task_id, path] = [one["task_id"], String(one["worktree_dir"])];
    await world.git(repo, "worktree", "move", path, `${path}-elsewhere`);
    const client = await world.own;
    for (const tool of ["codex_diff", "codex_discard"]) {
      const { data } = await client.call(tool, { task_id });
      expect(data).toMatchObject({
        code: "worktree_moved",
        error: expect.stringContaining(`${path}-elsewhere`) as string,
      });
      expect(data["hint"]).toContain("worktree move");
    }
    await world.git(repo, "worktree", "move", `${path}-elsewhere`, path);
    expect((await client.call("codex_discard", { task_id })).data).toMatchObject({ task_id });
  });
});
