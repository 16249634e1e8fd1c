import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type McpClient, refusal, type ToolAnswer } from "../support/mcp-client.ts";
import { World } from "../support/world.ts";

let world: World;
let client: McpClient;
let repo: string;

beforeAll(async () => {
  world = new World();
  repo = await world.repository();
  writeFileSync(join(repo, ".gitignore"), "build/\n");
  await world.run(repo, ["git", "add", "."]);
  await world.run(repo, ["git", "commit", "--quiet", "-m", "Ignore"]);
  const edit = "echo new > new.txt; echo more >> README.md; mkdir build; echo x > build/x; git add README.md";
  world.stub.script("WORK", [{ run: edit }, { say: "Worked." }]);
  world.stub.script("FAIL", [{ run: "echo half > half.txt" }, { fail: "no luck" }]);
  world.stub.script("NEST", [{ run: "git init -q inner; echo a > inner/a; echo out > out.txt" }, { say: "Nested." }]);
  world.stub.script("SWITCH", [{ run: "git switch -qc elsewhere; echo new > new.txt" }, { say: "Switched." }]);
  client = await world.client();
});
afterAll(() => world.close());

async function work(prompt: string, topic: string, more: object = {}): Promise<ToolAnswer> {
  return client.call("codex", { prompt, cwd: repo, topic, sandbox: "full-access", ...more });
}

const git = (worktree: unknown, ...args: string[]) => world.git(String(worktree), ...args);

/** A hook of the repository, as its user has it. */
function hook(name: string, script: string): void {
  mkdirSync(join(repo, ".git", "hooks"), { recursive: true });
  const path = join(repo, ".git", "hooks", name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

test("what Codex leaves uncommitted is committed, in words of topic and prompt; ignored files stay out", async () => {
  const { data } = await work("WORK on it, please", "implement-user_login-v1");
  expect(data).toMatchObject({
    success: true,
    commits_ahead: 1,
    uncommitted_changes: [],
    files_changed: ["README.md", "new.txt"],
  });
  expect(data["commit_error"]).toBeUndefined();
  expect(await git(data["worktree_dir"], "log", "-1", "--format=%an|%s|%b")).toBe(
    "Test|Implement user login|WORK on it, please\n\nTask: codex-implement-user_login-v1",
  );
});

test("the repository's hooks run; one that refuses is reported, and the work is as Codex left it", async () => {
  hook("pre-commit", `echo "lint: new.txt is not nice" >&2; exit 1`);
  const { data } = await work("WORK", "implement-hooked-v1");
  expect(data).toMatchObject({ success: true, commits_ahead: 0, commit_error: "lint: new.txt is not nice" });
  expect(await git(data["worktree_dir"], "status", "--porcelain")).toBe("M  README.md\n?? new.txt");
  hook("pre-commit", "echo checked > ../hook-ran.txt");
  const again = await work("WORK", "implement-hooked-v2");
  expect(again.data).toMatchObject({ commits_ahead: 1, uncommitted_changes: [] });
  expect(existsSync(join(world.root, "hook-ran.txt"))).toBe(true);
});

test("not where it is not wanted: by the call, or by the configuration", async () => {
  const never = { commits_ahead: 0, uncommitted_changes: ["M  README.md", "?? new.txt"] };
  expect((await work("WORK", "implement-never-v1", { commit: "never" })).data).toMatchObject(never);
  const configured = await world.client({ CODEXMCP_COMMIT: "never" });
  const args = { prompt: "WORK", cwd: repo, topic: "implement-configured-v1", sandbox: "full-access" };
  expect((await configured.call("codex", args)).data).toMatchObject(never);
  expect((await configured.call("codex", { ...args, topic: "implement-asked-v1", commit: "auto" })).data).toMatchObject(
    {
      commits_ahead: 1,
    },
  );
});

test("a run that failed, and a worktree that is on another branch by now, stay as they are", async () => {
  const failed = await work("FAIL", "implement-fail-v1");
  expect(failed.data).toMatchObject({ success: false, commits_ahead: 0, uncommitted_changes: ["?? half.txt"] });
  const switched = await work("SWITCH", "implement-switch-v1");
  expect(switched.data).toMatchObject({ success: true, commits_ahead: 0, uncommitted_changes: ["?? new.txt"] });
  expect(switched.data["commit_error"]).toStartWith(
    "Nothing was committed: the worktree is on branch elsewhere, not on agent/",
  );
});

test("what hooks leave behind is ended with the task, and none gets the pane's terminal or waits for input", async () => {
  const seen = join(world.root, "hook-saw.txt");
  hook("pre-commit", `(cat; cat < /dev/tty) > ${seen} 2>&1; true`);
  const daemons = "sleep 611 & setsid sleep 612 & env -i setsid sleep 613 & echo started";
  hook("post-commit", daemons);
  const { data } = await work("WORK", "implement-daemon-v1", { timeout_seconds: 60 });
  expect(data).toMatchObject({ success: true, commits_ahead: 1, uncommitted_changes: [] });
  expect(data["commit_error"]).toBeUndefined();
  expect(readFileSync(seen, "utf8")).toContain("/dev/tty");
  await world.until(
    () =>
      !Bun.spawnSync(["ps", "-eo", "args"])
        .stdout.toString()
        .match(/^sleep 61[123]$/m),
  );
  for (const name of ["pre-commit", "post-commit"]) hook(name, "true");
});

test("a cancel ends a hook that does not want to end; the work is told as uncommitted", async () => {
  const begun = join(world.root, "begun");
  hook("pre-commit", `trap '' TERM INT HUP; echo testing; touch ${begun}; sleep 614; sleep 614`);
  const asked = { prompt: "WORK", cwd: repo, topic: "implement-stubborn-v1", sandbox: "full-access" };
  const { data: started } = await client.call("codex_dispatch", asked);
  await world.until(() => existsSync(begun));
  await client.call("codex_cancel", { task_id: started["task_id"] });
  const data = await world.waitForEnd(client, String(started["task_id"]));
  expect(data).toMatchObject({ status: "completed", commits_ahead: 0 });
  expect(data["uncommitted_changes"]).toEqual(["M  README.md", "?? new.txt"]);
  expect(String(data["commit_error"])).toMatch(
    /^The pre-commit hook was stopped after \d+ s: the task was stopped\. Nothing was committed\. .*: testing$/,
  );
  await world.until(() => !Bun.spawnSync(["ps", "-eo", "args"]).stdout.toString().includes("sleep 614"));
  hook("pre-commit", "true");
});

test("where git knows nothing of the worktree any more, each fact that is missing is named", async () => {
  world.stub.script("BREAK", [{ run: "echo new > new.txt; rm .git" }, { say: "Broken." }]);
  const { data } = await work("BREAK", "implement-broken-v1");
  expect(data).toMatchObject({ success: true, result: "Broken." });
  expect(String(data["commit_error"])).toContain("which links the worktree to its repository, is missing");
  for (const fact of [
    "uncommitted_changes",
    "commits_ahead",
    "diff_stat",
    "files_changed",
    "which links the worktree to its repository",
  ]) {
    expect(String(data["note"])).toContain(fact);
  }
});

test("a repository within the worktree is not committed as a link that leads nowhere", async () => {
  const { data } = await work("NEST", "implement-nest-v1");
  expect(data).toMatchObject({ commits_ahead: 1, files_changed: expect.arrayContaining(["out.txt"]) as string[] });
  expect(await git(data["worktree_dir"], "ls-tree", "--name-only", "HEAD")).toBe(".gitignore\nREADME.md\nout.txt");
  expect(readFileSync(join(String(data["worktree_dir"]), "inner", "a"), "utf8")).toBe("a\n");
});

test("without its .git file, a worktree is not taken for the repository around it: nothing is committed or reported of that", async () => {
  world.stub.script("UNLINK", [{ run: "rm .git; echo new > new.txt" }, { say: "Unlinked." }]);
  await world.run(world.root, ["git", "init", "--quiet", "--initial-branch", "agent/implement-unlinked"]);
  await git(world.root, "commit", "--quiet", "--allow-empty", "-m", "Around");
  const { data } = await work("UNLINK", "implement-unlinked-v1");
  expect(data).toMatchObject({
    success: true,
    commit_error: expect.stringContaining("which links the worktree to its repository"),
  });
  for (const fact of ["commits_ahead", "files_changed", "uncommitted_changes"]) expect(data).not.toHaveProperty(fact);
  expect(String(data["note"])).toContain("uncommitted_changes");
  const uri = `codex://tasks/${String(data["task_id"])}/diff`;
  expect(await refusal(client.sdk.readResource({ uri }))).toContain("which links the worktree to its repository");
  expect(await git(world.root, "log", "--format=%s")).toBe("Around");
  rmSync(join(world.root, ".git"), { recursive: true });
});
