import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { linkIntoWorkspace, unlinkFromWorkspace } from "#store/workspace-link.ts";
import { Scratch } from "../support/scratch.ts";

let scratch: Scratch;

beforeAll(() => {
  scratch = new Scratch();
});
afterAll(() => scratch.close());

test("the link is made, moved with its task, and seen by nobody's git", async () => {
  const repository = await scratch.repository("seen");
  linkIntoWorkspace(repository, "review-a-v1", "/tasks/one");
  linkIntoWorkspace(repository, "review-a-v1", "/tasks/two");
  expect(readlinkSync(join(repository, ".codex-tasks", "review-a-v1"))).toBe("/tasks/two");
  expect(await scratch.git(repository, "status", "--porcelain", "--untracked-files=all")).toBe("");
  unlinkFromWorkspace(repository, "review-a-v1", "/tasks/one");
  expect(existsSync(join(repository, ".codex-tasks"))).toBe(true);
  expect(readlinkSync(join(repository, ".codex-tasks", "review-a-v1"))).toBe("/tasks/two");
  unlinkFromWorkspace(repository, "review-a-v1", "/tasks/two");
  expect(readdirSync(join(repository, ".codex-tasks"))).toEqual([".gitignore"]);
});

test("a folder that is a link, as a stranger's repository may have it, is not followed", () => {
  const [cwd, elsewhere] = [scratch.folder("hostile"), scratch.folder("elsewhere")];
  symlinkSync(elsewhere, join(cwd, ".codex-tasks"));
  linkIntoWorkspace(cwd, "review-a-v1", "/tasks/one");
  expect(readdirSync(elsewhere)).toEqual([]);
});

test("what the user has there stays", () => {
  const cwd = scratch.folder("own");
  mkdirSync(join(cwd, ".codex-tasks"));
  writeFileSync(join(cwd, ".codex-tasks", ".gitignore"), "mine\n");
  writeFileSync(join(cwd, ".codex-tasks", "review-a-v1"), "mine");
  linkIntoWorkspace(cwd, "review-a-v1", "/tasks/one");
  expect(readFileSync(join(cwd, ".codex-tasks", ".gitignore"), "utf8")).toBe("mine\n");
  expect(readFileSync(join(cwd, ".codex-tasks", "review-a-v1"), "utf8")).toBe("mine");
  const file = scratch.folder("file");
  writeFileSync(join(file, ".codex-tasks"), "a file");
  linkIntoWorkspace(file, "review-a-v1", "/tasks/one");
  expect(readFileSync(join(file, ".codex-tasks"), "utf8")).toBe("a file");
});
