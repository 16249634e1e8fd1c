import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { toFailure } from "#base/errors.ts";
import { keepPatch, readPatchPart } from "#board/changes/patch-files.ts";
import type { BoardContext } from "#board/server/route.ts";
import { Scratch } from "../support/scratch.ts";

let scratch: Scratch;
let context: BoardContext;

beforeAll(() => {
  scratch = new Scratch();
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- patches only need the folder
  context = { temporary: scratch.folder("board") } as BoardContext;
});
afterAll(() => scratch.close());

const patchOf = (line: string) =>
  `diff --git a/a.txt b/a.txt\nindex ${line.length}..1 100644\n--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-${line}\n+b\n`;

test("a patch is kept by a name that only changes with it, and its parts can be read", async () => {
  const text = patchOf("a");
  const keep = async () => keepPatch(context, async (file) => writeFileSync(file, text));
  const [first, second] = [await keep(), await keep()];
  expect(second).toEqual(first);
  expect(first).toMatchObject({ diff_stat: "1 file changed, 1 insertion(+), 1 deletion(-)", patch_bytes: text.length });
  const part = await readPatchPart(context, first.key, text.indexOf("@@"), 15);
  expect(Buffer.from(part).toString()).toBe("@@ -1 +1 @@\n-a\n");
  expect(await readPatchPart(context, first.key, 1_000_000, 10)).toHaveLength(0);
});

test("only the newest patches are kept", async () => {
  const keys: string[] = [];
  for (let length = 1; length < 15; length++) {
    const { key } = await keepPatch(context, async (file) => writeFileSync(file, patchOf("x".repeat(length))));
    keys.push(key);
  }
  expect(readdirSync(join(context.temporary, "patches"))).toHaveLength(8);
  expect(await readPatchPart(context, keys.at(-1) ?? "", 0, 10)).toHaveLength(10);
  const code = await readPatchPart(context, keys[0] ?? "", 0, 10).catch((error: unknown) => toFailure(error).code);
  expect(code).toBe("nothing_to_read");
});

test("nothing stays of a patch that could not be written", async () => {
  const fail = async () => Promise.reject(new Error("no room"));
  expect(await keepPatch(context, fail).catch(String)).toBe("Error: no room");
  expect(readdirSync(join(context.temporary, "patches")).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});
