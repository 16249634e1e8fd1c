import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readUncommitted, writeUncommitted } from "#git/snapshots/uncommitted.ts";
import { Scratch } from "../support/scratch.ts";

let scratch: Scratch;
let path: string;
let count = 0;

beforeAll(() => {
  scratch = new Scratch();
});
beforeEach(async () => {
  path = await scratch.repository(`repository-${++count}`);
});
afterAll(() => scratch.close());

async function read(): ReturnType<typeof readUncommitted> {
  const head = await scratch.git(path, "rev-parse", "HEAD");
  return readUncommitted({ path, gitDir: join(path, ".git"), head });
}

/** What goes wrong with some work, in words. */
async function failureOf(work: Promise<unknown>): Promise<string> {
  return work.then(() => "nothing", String);
}

test("nothing uncommitted has no signature; the same work has the same one, and gives the same commit", async () => {
  expect(await read()).toMatchObject({ signature: undefined, added: [], removed: [] });
  writeFileSync(join(path, "new.txt"), "new\n");
  const head = await scratch.git(path, "rev-parse", "HEAD");
  const [one, other] = [await read(), await read()];
  expect(one.signature).toBe(other.signature ?? "");
  const commit = await writeUncommitted({ path, head }, one);
  expect(await writeUncommitted({ path, head }, other)).toBe(commit);
  expect(await scratch.git(path, "show", `${commit}:new.txt`)).toBe("new");
  expect(await scratch.git(path, "status", "--porcelain")).toBe("?? new.txt");
  writeFileSync(join(path, "new.txt"), "other\n");
  expect((await read()).signature).not.toBe(one.signature ?? "");
});

describe("what cannot be said exactly is refused", () => {
  test("very many new files", async () => {
    mkdirSync(join(path, "many"));
    for (let file = 0; file < 5001; file++) writeFileSync(join(path, "many", `${file}.txt`), "");
    expect(await failureOf(read())).toContain("5001 files are not committed");
  });

  test("a large new file", async () => {
    writeFileSync(join(path, "large"), Buffer.alloc(65 * 1024 * 1024));
    expect(await failureOf(read())).toContain("have more than");
  });

  test("unresolved conflicts", async () => {
    await scratch.git(path, "switch", "--quiet", "--create", "side");
    for (const branch of ["side", "main"]) {
      await scratch.git(path, "switch", "--quiet", branch);
      writeFileSync(join(path, "README.md"), `${branch}\n`);
      await scratch.git(path, "commit", "--quiet", "--all", "--message", branch);
    }
    await scratch.git(path, "merge", "side").catch(() => "");
    expect(await failureOf(read())).toContain("unresolved conflicts");
  });

  test("another commit than expected", async () => {
    const head = await scratch.git(path, "rev-parse", "HEAD");
    await scratch.git(path, "commit", "--quiet", "--allow-empty", "--message", "Next");
    expect(await failureOf(readUncommitted({ path, gitDir: join(path, ".git"), head }))).toContain("another commit");
  });

  test("a file that needs a filter, which is not run", async () => {
    writeFileSync(join(path, ".gitattributes"), "*.bin filter=trap\n");
    await scratch.git(path, "config", "filter.trap.clean", `touch ${join(path, "ran")}; cat`);
    const head = await scratch.git(path, "rev-parse", "HEAD");
    await writeUncommitted({ path, head }, await read());
    writeFileSync(join(path, "a.bin"), "a\n");
    expect(await failureOf(writeUncommitted({ path, head }, await read()))).toContain("a.bin needs the filter trap");
    expect(await scratch.git(path, "status", "--porcelain")).toBe("?? .gitattributes\n?? a.bin");
  });
});
