import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LogWriter } from "#codex/engines/log-writer.ts";

const folder = mkdtempSync("/var/tmp/codexmcp-log-");
afterAll(() => rmSync(folder, { recursive: true }));

const STARTED = [
  { type: "thread.started", thread_id: "t" },
  { type: "turn.started", turn_id: "a" },
];
const END = { type: "turn.completed", usage: {} };

/** Ends of turn `a` and of a further turn in a log that a supervisor began and another one continues. */
function endsAfter(begun: readonly object[]): string[] {
  const path = join(folder, crypto.randomUUID());
  writeFileSync(path, begun.map((line) => `${JSON.stringify(line)}\n`).join(""));
  const log = new LogWriter(path);
  log.read();
  log.writeEnd("a", [END]);
  log.write([{ type: "turn.started", turn_id: "b" }]);
  log.writeEnd("b", [END]);
  return readFileSync(path, "utf8").match(/turn\.completed/g) ?? [];
}

test("the end of a turn that an earlier supervisor has written is not written again", () => {
  expect(endsAfter(STARTED)).toHaveLength(2);
  expect(endsAfter([...STARTED, END])).toHaveLength(2);
  expect(endsAfter([...STARTED, END, { type: "turn.started", turn_id: "x" }])).toHaveLength(3);
});
