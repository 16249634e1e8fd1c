import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commitWork } from "#git/changes/commit-work.ts";
import { Scratch } from "../support/scratch.ts";

let scratch: Scratch;
beforeAll(() => (scratch = new Scratch()));
afterAll(() => scratch.close());

const STATUS = "M  README.md\n?? new";

/** A repository with a staged change and a new file, and hooks of its user's. */
async function repositoryWith(name: string, hooks: Record<string, string>): Promise<string> {
  const repo = await scratch.repository(name);
  mkdirSync(join(repo, ".git", "hooks"), { recursive: true });
  for (const [hook, script] of Object.entries(hooks)) {
    writeFileSync(join(repo, ".git", "hooks", hook), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  writeFileSync(join(repo, "README.md"), "changed\n");
  await scratch.git(repo, "add", ".");
  writeFileSync(join(repo, "new"), "new\n");
  return repo;
}

/** Commits the work; `hurry` is called when the hook has begun (it makes the file `begun`). */
async function commit(repo: string, more: { atMostMs?: number; hurry?: (abort: AbortController) => void } = {}) {
  const abort = new AbortController();
  const request = { worktree: repo, branch: "main", message: "# Work\n\n# More", environment: {}, atMostMs: 60_000 };
  const committing = commitWork({ ...request, ...more, signal: abort.signal }).catch((error: unknown) => error);
  if (more.hurry !== undefined) {
    while (!existsSync(join(repo, ".git", "begun"))) await Bun.sleep(10);
    more.hurry(abort);
  }
  return committing;
}

const HANGS = "echo one; echo two >&2; sleep 600 & echo $$ $! >> .git/pids; touch .git/begun; wait";
const timeIsOver = (abort: AbortController) => abort.abort(new DOMException("", "TimeoutError"));

async function expectAllEnded(repo: string): Promise<void> {
  const pids = readFileSync(join(repo, ".git", "pids"), "utf8")
    .trim()
    .split(/\s+/);
  for (let tries = 0; tries < 100 && pids.some((pid) => existsSync(`/proc/${pid}/exe`)); tries++) await Bun.sleep(20);
  for (const pid of pids) expect(existsSync(`/proc/${pid}/exe`)).toBe(false);
}

test.each([
  ["pre-commit", HANGS],
  ["prepare-commit-msg", HANGS],
  ["commit-msg", HANGS],
  ["pre-commit", `trap '' TERM INT HUP; ${HANGS}; ${HANGS}`],
])("a %s hook that hangs is ended with the task's time, and named with what it said", async (hook, script) => {
  const repo = await repositoryWith(`hangs-${hook}-${script.length}`, { [hook]: script });
  const failure = await commit(repo, { hurry: timeIsOver });
  expect(failure).toMatchObject({ code: "cancelled" });
  expect(String(failure)).toMatch(
    new RegExp(
      `The ${hook} hook was stopped after \\d+ s: the task timed out \\(timeout_seconds\\). Nothing was committed. Last output: one\ntwo`,
    ),
  );
  expect(await scratch.git(repo, "status", "--porcelain")).toBe(STATUS);
  expect(existsSync(join(repo, ".git", "index.lock"))).toBe(false);
  await expectAllEnded(repo);
});

test("a cancel and the limit of a commit itself are told apart from that", async () => {
  const cancelled = await repositoryWith("cancelled", { "pre-commit": HANGS });
  expect(String(await commit(cancelled, { hurry: (abort) => abort.abort() }))).toContain(": the task was stopped");
  const late = await repositoryWith("late", { "pre-commit": HANGS });
  const said = await commit(late, { atMostMs: 700 });
  expect(said).toMatch(/^The pre-commit hook was stopped after \d+ s: a commit and its hooks may take 1 s\. Nothing/);
  for (const repo of [cancelled, late]) {
    expect(await scratch.git(repo, "status", "--porcelain")).toBe(STATUS);
    await expectAllEnded(repo);
  }
});

test("where a post-commit hook is ended, the commit is made and nothing else is staged", async () => {
  const repo = await repositoryWith("after", { "post-commit": HANGS });
  const said = await commit(repo, { hurry: timeIsOver });
  expect(said).toMatch(/^The post-commit hook was stopped after \d+ s: .*\. The commit was made\. /);
  expect(await scratch.git(repo, "status", "--porcelain")).toBe("");
  expect(await scratch.git(repo, "show", "--name-only", "--format=%B", "HEAD")).toBe(
    "# Work\n\n# More\n\n\nREADME.md\nnew",
  );
  await expectAllEnded(repo);
});

test("a clean filter that hangs is ended the same way", async () => {
  const repo = await repositoryWith("filter", {});
  await scratch.git(repo, "config", "filter.slow.clean", "echo $$ >> .git/pids; touch .git/begun; sleep 600");
  writeFileSync(join(repo, ".gitattributes"), "new filter=slow\n");
  const failure = await commit(repo, { hurry: timeIsOver });
  expect(String(failure)).toMatch(/git add was stopped after \d+ s: the task timed out .* Nothing was committed\./);
  expect(await scratch.git(repo, "diff", "--cached", "--name-only")).toBe("README.md");
  await expectAllEnded(repo);
});

test("hooks that leave a daemon at their pipes, and that read, are not waited for", async () => {
  const hooks = {
    "pre-commit": "cat > .git/read; (cat < /dev/tty) 2> .git/tty || true",
    "post-commit": "sleep 600 & echo $! > .git/pids; echo started",
  };
  const repo = await repositoryWith("daemon", hooks);
  expect(await commit(repo)).toBeUndefined();
  expect(readFileSync(join(repo, ".git", "read"), "utf8")).toBe("");
  expect(readFileSync(join(repo, ".git", "tty"), "utf8")).toContain("/dev/tty");
  process.kill(Number(readFileSync(join(repo, ".git", "pids"), "utf8")), "SIGKILL");
});

test("of a hook that says very much, the end is told", async () => {
  const loud = "head -c 100000000 /dev/zero | tr '\\0' x; echo; echo 'lint: this is why'; exit 1";
  const repo = await repositoryWith("loud", { "pre-commit": loud });
  const said = String(await commit(repo));
  expect(said).toEndWith("lint: this is why");
  expect(said.length).toBeLessThan(2000);
  const through = await repositoryWith("loud-through", { "pre-commit": loud.replace("exit 1", "exit 0") });
  expect(await commit(through)).toBeUndefined();
});

test("intent to add and names that are left out of the index are as they were after a commit that failed", async () => {
  const repo = await repositoryWith("intent", { "pre-commit": "exit 1" });
  writeFileSync(join(repo, "intended"), "x");
  await scratch.git(repo, "add", "--intent-to-add", "intended");
  await scratch.git(repo, "update-index", "--skip-worktree", "src/main.c");
  const before = await scratch.git(repo, "ls-files", "-v", "--stage");
  expect(await commit(repo)).toBe("git commit failed without a message.");
  expect(await scratch.git(repo, "ls-files", "-v", "--stage")).toBe(before);
  expect(await scratch.git(repo, "status", "--porcelain")).toBe("M  README.md\n A intended\n?? new");
});
