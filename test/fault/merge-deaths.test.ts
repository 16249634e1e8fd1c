// A merge that is killed at a random moment leaves the user's checkout as it was, or as it is after the merge.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runKilled } from "../support/killed-command.ts";
import { World } from "../support/world.ts";

const ROUNDS = Number(process.env["FAULT_ROUNDS"] ?? 15);
const FILES = 400;

let world: World;
let repo: string;
let taskId: string;

beforeAll(async () => {
  world = new World();
  repo = await world.repository();
  mkdirSync(join(repo, "many"));
  for (let file = 0; file < FILES; file++) writeFileSync(join(repo, "many", `${file}.txt`), `${file}\n`.repeat(50));
  writeFileSync(join(repo, "mine.txt"), "mine\n");
  await git("add", ".");
  await git("commit", "--quiet", "-m", "Many");
  const edit =
    "for f in many/*.txt; do echo changed >> $f; done; echo new > new.txt; git rm -q many/7.txt; git add .; git commit -qm Work";
  world.stub.script("EDIT", [{ run: edit }, { say: "Done." }]);
  const client = await world.client();
  const { data } = await client.call("codex", {
    prompt: "EDIT",
    cwd: repo,
    topic: "implement-edit-v1",
    sandbox: "full-access",
  });
  expect(data).toMatchObject({ success: true, commits_ahead: 1 });
  taskId = String(data["task_id"]);
});
afterAll(() => world.close());

const git = (...args: string[]) => world.git(repo, ...args);

/** What the user has: branch, index, and every file. */
async function look(): Promise<string> {
  const files = await git("ls-files", "--stage");
  const status = await git("status", "--porcelain");
  const content = await world.run(repo, [
    "sh",
    "-c",
    "find . -path ./.git -prune -o -type f -print | sort | xargs sha1sum",
  ]);
  return [await git("rev-parse", "HEAD^{tree}"), files, status, content].join("\n---\n");
}

async function prepare(start: string): Promise<void> {
  await git("reset", "--quiet", "--hard", start);
  writeFileSync(join(repo, "mine.txt"), "mine, staged\n");
  await git("add", "mine.txt");
  writeFileSync(join(repo, "mine.txt"), "mine, and changed again\n");
  writeFileSync(join(repo, "untracked.txt"), "mine too\n");
}

const merge = (killAfterMs?: number) => runKilled(world, ["merge", taskId], killAfterMs);

test(`${ROUNDS} merges killed at random moments (FAULT_ROUNDS): as before, or as after, never between`, async () => {
  const start = await git("rev-parse", "HEAD");
  await prepare(start);
  const before = await look();
  const takes = await merge();
  const after = await look();
  expect(after).not.toBe(before);
  let done = 0;
  for (let round = 0; round < ROUNDS; round++) {
    await prepare(start);
    await merge(Math.random() * takes);
    const now = await look();
    expect([before, after]).toContain(now);
    if (now === after) done++;
    expect(await git("fsck", "--no-dangling")).toBe("");
    expect(readFileSync(join(repo, "untracked.txt"), "utf8")).toBe("mine too\n");
  }
  console.log(`${done} of ${ROUNDS} killed merges had got in`);
  await prepare(start);
  await merge();
  expect(await look()).toBe(after);
}, 600_000);
