import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findTestFiles, runTestFiles } from "../../scripts/test-files.ts";

const root = mkdtempSync("/var/tmp/codexmcp-test-files-");
afterAll(() => rmSync(root, { recursive: true }));

const FILES: Record<string, string> = {
  "unit/passes.test.ts": 'test("good", () => {}); test.skip("left out", () => {});',
  "unit/fails.test.ts": 'test("good", () => {}); test("bad", () => { throw new Error("the reason"); });',
  "unit/setup.test.ts":
    'describe("s", () => { beforeAll(() => { throw new Error("no set-up"); }); test("never", () => {}); });',
  "unit/load.test.ts": 'import "./nothing.ts";',
  "unit/killed.test.ts": 'test("good", () => {}); test("dies", () => { process.kill(process.pid, "SIGKILL"); });',
  "unit/leaves.test.ts": 'test("good", () => {}); test("leaves", () => process.exit(0));',
};

async function run(names: readonly string[], jobs: number) {
  let shown = "";
  const tally = await runTestFiles(findTestFiles(root, names), { root, jobs, show: (text) => (shown += text) });
  return { tally, shown };
}

test("files are found by a part of their path; all of them run, and what did not come to its end has failed", async () => {
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(join(root, "test", "unit"), { recursive: true });
    const header = 'import { beforeAll, describe, test } from "bun:test";\nvoid [beforeAll, describe];\n';
    writeFileSync(join(root, "test", name), header + text);
  }
  expect(findTestFiles(root, [])).toHaveLength(6);
  expect(findTestFiles(root, ["./test/unit/passes.test.ts", join(root, "test", "unit", "load")])).toHaveLength(2);
  expect(findTestFiles(root, ["nonsense"])).toEqual([]);

  const { tally, shown } = await run([], 3);
  expect(tally).toEqual({ passed: 2, failed: 5, skipped: 1 });
  const [first = "", again = ""] = shown.split("════ FAILED");
  for (const words of ["the reason", "no set-up", "nothing.ts", "ended by SIGKILL"]) {
    expect(first).toContain(words);
    expect(again).toContain(words);
  }
  expect(again).toContain("unit/leaves.test.ts");
  expect(again).not.toContain("passes.test.ts");

  const good = await run(["passes"], 1);
  expect(good.tally).toEqual({ passed: 1, failed: 0, skipped: 1 });
  expect(good.shown).not.toContain("FAILED");
});
