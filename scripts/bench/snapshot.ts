// Measures the cost of include_uncommitted: the commit of uncommitted work, against `git stash create` on the same repository.
// Usage: bench:snapshot [files] [rounds]
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { snapshotWork } from "#git/snapshots/snapshot-work.ts";
import { Scratch } from "../../test/support/scratch.ts";
import { report } from "./report.ts";

const files = Number(process.argv[2] ?? 50_000);
const rounds = Number(process.argv[3] ?? 11);

using scratch = new Scratch();
const repository = await scratch.repository("large");
for (let file = 0; file < files; file++) {
  const folder = join(repository, `folder-${Math.floor(file / 500)}`);
  if (file % 500 === 0) mkdirSync(folder);
  writeFileSync(join(folder, `${file}.txt`), `${file}\n`.repeat(20));
}
await scratch.git(repository, "add", ".");
await scratch.git(repository, "commit", "--quiet", "-m", "Many");
const head = await scratch.git(repository, "rev-parse", "HEAD");
for (let file = 0; file < 50; file++) writeFileSync(join(repository, "folder-0", `${file}.txt`), "changed\n");
for (let file = 0; file < 50; file++) writeFileSync(join(repository, "folder-1", `new-${file}.txt`), "new\n");

const samples: Record<string, number[]> = { "bare stash": [], "our stash": [] };
const before = await scratch.git(repository, "status", "--porcelain=v2");
for (let round = 0; round < rounds; round++) {
  samples["bare stash"]?.push(await time(() => scratch.git(repository, "stash", "create")));
  samples["our stash"]?.push(await time(() => snapshotWork(repository, head)));
}
report(`${files} files, uncommitted work as a commit`, samples);
const after = await scratch.git(repository, "status", "--porcelain=v2");
console.log(`\ngit status afterwards: ${after === before ? "the same" : "DIFFERENT"}`);

async function time(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
