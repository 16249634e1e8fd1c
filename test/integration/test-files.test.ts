import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { choosePasses } from "../../scripts/test-passes.ts";
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

test("a pass repeats files in its environment, and counts; a pass that fails is named", async () => {
  const file = "test/unit/in-pass.test.ts";
  writeFileSync(
    join(root, file),
    'import { test } from "bun:test"; test("in", () => { if (process.env["PASS"] === "bad") throw new Error("bad pass"); });',
  );
  let shown = "";
  const pass = (PASS: string) => ({ name: PASS, environment: { PASS }, files: [file] });
  const show = (text: string) => (shown += text);
  const tally = await runTestFiles([file], { root, jobs: 2, passes: [pass("good"), pass("bad")], show });
  expect(tally).toEqual({ passed: 2, failed: 1, skipped: 0 });
  expect(shown.split("════ FAILED")[1]).toContain(`${file} (bad)`);
});

test("a whole run has the passes that are wanted, a run of some files only all of them, a pass has none", () => {
  const files = ["test/e2e/a.test.ts", "test/unit/b.test.ts"];
  const names = (isWhole: boolean, environment: NodeJS.ProcessEnv) =>
    choosePasses(files, isWhole, environment).map((pass) => pass.name);
  const CODEXMCP_TEST_PASSES = "decisive";
  expect(names(true, { CODEXMCP_TEST_PASSES })).toEqual(["exec", "0.98.0", "0.152.0", "0.153.0"]);
  expect(names(false, { CODEXMCP_TEST_PASSES })).toEqual([]);
  expect(names(true, {})).toEqual([]);
  expect(names(true, { CODEXMCP_TEST_PASSES, CODEXMCP_TEST_ENGINE: "exec" })).toEqual([]);
  const all = choosePasses(files, false, { CODEXMCP_TEST_PASSES: "all" });
  expect(all.map((pass) => pass.files)).toEqual(Array.from({ length: 4 }, () => ["test/e2e/a.test.ts"]));
  const decisive = choosePasses(files, true, { CODEXMCP_TEST_PASSES }).flatMap((pass) => pass.files);
  expect(decisive.filter((file) => !existsSync(file))).toEqual([]);
});
