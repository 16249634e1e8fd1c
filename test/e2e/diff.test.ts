import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../support/command-line.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { BINARY, World } from "../support/world.ts";

let world: World;
let client: McpClient;
let repo: string;
let worktree: string;
const task_id = "codex-implement-change-v1";

beforeAll(async () => {
  world = new World();
  repo = await world.repository();
  for (const name of ["old name.txt", "gone.txt", "binary.bin"]) {
    writeFileSync(join(repo, name), `${name}\n`.repeat(20));
  }
  await world.run(repo, ["git", "add", "."]);
  await world.run(repo, ["git", "commit", "--quiet", "-m", "More"]);
  const commands = [
    "git mv 'old name.txt' 'new name.txt'",
    "git rm -q gone.txt",
    "git commit -qm Moved",
    "echo changed >> README.md",
    "git add README.md",
    "mkdir -p src; printf 'one\\ntwo\\n' > src/new.txt",
    "printf '\\000\\001' > binary.bin",
  ];
  world.stub.script("CHANGE", [{ run: commands.join("; ") }, { say: "Changed." }]);
  client = await world.client();
  const args = { prompt: "CHANGE", cwd: repo, topic: "implement-change-v1", sandbox: "full-access", commit: "never" };
  worktree = String((await client.call("codex", args)).data["worktree_dir"]);
});
afterAll(() => world.close());

const FILES = [
  { path: "README.md", status: "modified", added: 1, deleted: 0 },
  { path: "binary.bin", status: "modified" },
  { path: "gone.txt", status: "deleted", added: 0, deleted: 20 },
  { path: "new name.txt", status: "renamed", from: "old name.txt", added: 0, deleted: 0 },
  { path: "src/new.txt", status: "added", added: 2, deleted: 0 },
];

test("statistics of every file, and the patch, whole as a file, that git takes", async () => {
  const status = await world.run(worktree, ["git", "status", "--porcelain"]);
  const { data } = await client.call("codex_diff", { task_id });
  expect(data).toMatchObject({ task_id, worktree_dir: worktree, commits_ahead: 1, files: FILES });
  expect(data["diff_stat"]).toContain("files changed");
  expect(data["patch"]).toContain("+two");
  expect(data["patch_left_out"]).toBeUndefined();
  const file = String(data["patch_file"]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, "utf8")).toBe(String(data["patch"]));
  // The patch says all: what it makes of the base is what the worktree holds.
  const other = join(world.root, "other");
  await world.run(repo, ["git", "worktree", "add", "--quiet", "--detach", other, String(data["base_commit"])]);
  await world.run(other, ["git", "apply", "--index", file]);
  await world.run(worktree, ["diff", "-r", "--exclude=.git", worktree, other]);
  expect(await world.run(worktree, ["git", "status", "--porcelain"])).toBe(status);
});

test("of some paths only; statistics are of all; names are no patterns and no options", async () => {
  const { data } = await client.call("codex_diff", { task_id, paths: ["src"] });
  expect(data).toMatchObject({ files: FILES });
  expect(data["patch"]).toStartWith("diff --git a/src/new.txt");
  expect(data["patch"]).not.toContain("README");
  for (const path of ["*.md", ":(glob)**", "--output=pwned"]) {
    expect((await client.call("codex_diff", { task_id, paths: [path] })).data).toMatchObject({ patch: "" });
  }
  expect((await client.call("codex_diff", { task_id, patch: false })).data["patch"]).toBeUndefined();
});

describe("a large patch", () => {
  test("is cut to what the client takes, at a line's end, and the file has all", async () => {
    // In Latin-1: an answer holds three bytes for what is one in the file.
    writeFileSync(join(worktree, "large.txt"), Buffer.from('a "quoted" lin\xe9\n'.repeat(20_000), "latin1"));
    const small = await world.client({ CODEXMCP_RESULT_LIMIT: "9000" });
    const { data } = await small.call("codex_diff", { task_id });
    const patch = String(data["patch"]);
    expect(Buffer.byteLength(JSON.stringify(data))).toBeLessThanOrEqual(9000);
    expect(patch.length).toBeGreaterThan(2000);
    expect(patch).toEndWith("\n");
    const whole = readFileSync(String(data["patch_file"]), "latin1");
    expect(whole).toStartWith(patch.replaceAll("\ufffd", "\xe9"));
    expect(data["patch_left_out"]).toBe(whole.length - patch.length);
  });
});

test("by the command line", async () => {
  const stat = await runCli(world, ["diff", "implement-change", "--stat"]);
  expect(stat.stdout).toContain("renamed      +0 -0        old name.txt → new name.txt");
  const patch = await runCli(world, ["diff", "implement-change", "src"]);
  expect(patch.stdout).toStartWith("diff --git a/src/new.txt");
});

test("a patch comes out of a pipe as the bytes that it is, whatever the files are encoded in", async () => {
  await world.run(worktree, ["sh", "-c", String.raw`printf 'caf\351\r\n' > latin1.txt`]);
  const other = join(world.root, "piped");
  await world.run(repo, ["git", "worktree", "add", "--quiet", "--detach", other, `agent/implement-change~1`]);
  await world.run(other, ["sh", "-c", `'${BINARY}' diff implement-change latin1.txt binary.bin | git apply`]);
  for (const name of ["latin1.txt", "binary.bin"]) {
    expect(readFileSync(join(other, name))).toEqual(readFileSync(join(worktree, name)));
  }
});

test("a worktree that was discarded, and a task without one, are told as such", async () => {
  await client.call("codex", { prompt: "CHANGE", cwd: repo, topic: "review-none-v1", sandbox: "read-only" });
  expect((await client.call("codex_diff", { task_id: "codex-review-none-v1" })).data).toMatchObject({
    code: "no_worktree",
  });
  await client.call("codex_discard", { task_id });
  expect((await client.call("codex_diff", { task_id })).data).toMatchObject({ code: "worktree_gone" });
});
