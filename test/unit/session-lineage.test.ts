// Records of sessions that are copies of others; their first lines may contain anything.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findLineage, readUsageAtFork } from "#codex/run/session-lineage.ts";

let home: string;
let day: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "lineage-"));
  day = join(home, "sessions", "2026", "01", "02");
  mkdirSync(day, { recursive: true });
});
afterEach(() => rmSync(home, { recursive: true }));

const idOf = (number: number) => `00000000-0000-7000-8000-${String(number).padStart(12, "0")}`;
const pathOf = (number: number) => join(day, `rollout-2026-01-02T03-04-05-${idOf(number)}.jsonl`);

const meta = (base?: unknown) =>
  JSON.stringify({ type: "session_meta", payload: { id: "x", ...(base !== undefined && { history_base: base }) } });
const tokens = (input: number) =>
  JSON.stringify({
    type: "event_msg",
    payload: { type: "token_count", info: { total_token_usage: { input_tokens: input, output_tokens: 1 } } },
  });
/** Writes a record. @returns its length in bytes */
function write(number: number, ...lines: string[]): number {
  const text = lines.map((line) => `${line}\n`).join("");
  writeFileSync(pathOf(number), text);
  return Buffer.byteLength(text);
}
const baseAt = (number: number, bytes?: unknown) => ({ thread_id: idOf(number), end_byte_offset: bytes });

describe("the records of a session", () => {
  test("its own, and those that it was copied from", () => {
    write(1, meta());
    write(2, meta(baseAt(1, 10)));
    write(3, meta(baseAt(2, 10)));
    expect(findLineage(home, idOf(3))).toEqual({ records: [pathOf(3), pathOf(2), pathOf(1)], missing: undefined });
    rmSync(pathOf(1));
    expect(findLineage(home, idOf(3))).toEqual({ records: [pathOf(3), pathOf(2)], missing: idOf(1) });
    expect(findLineage(home, idOf(9))).toEqual({ records: [], missing: idOf(9) });
  });

  test("one that is compressed or archived is not missing", () => {
    write(2, meta(baseAt(1, 10)));
    writeFileSync(`${pathOf(1)}.zst`, "");
    expect(findLineage(home, idOf(2)).missing).toBeUndefined();
    rmSync(`${pathOf(1)}.zst`);
    mkdirSync(join(home, "archived_sessions"));
    writeFileSync(join(home, "archived_sessions", `rollout-x-${idOf(1)}.jsonl`), "");
    expect(findLineage(home, idOf(2)).missing).toBeUndefined();
  });

  test.each([
    ["nothing", ""],
    ["no JSON", "{"],
    ["NULs", "\0".repeat(100)],
    ["an endless line", "x".repeat(3 * 1024 * 1024)],
    ["deep nesting", "[".repeat(200_000)],
    ["another form", JSON.stringify({ type: "session_meta", payload: { history_base: [] } })],
  ])("a first line that is %s ends the search", (_name, line) => {
    write(1, line);
    expect(findLineage(home, idOf(1))).toEqual({ records: [pathOf(1)], missing: undefined });
    expect(readUsageAtFork([home], idOf(1))).toBeUndefined();
  });

  test("names that are patterns or paths are of no session; circles end; a link is no record", () => {
    for (const name of ["*", "../../x", "", "a/b"]) {
      write(1, meta({ thread_id: name, end_byte_offset: 1 }));
      expect(findLineage(home, idOf(1))).toEqual({ records: [pathOf(1)], missing: name });
    }
    write(1, meta(baseAt(2, 1)));
    write(2, meta(baseAt(1, 1)));
    expect(findLineage(home, idOf(1)).records).toEqual([pathOf(1), pathOf(2)]);
    expect(readUsageAtFork([home], idOf(1))).toBeUndefined();
    symlinkSync("/etc/passwd", pathOf(3));
    expect(findLineage(home, idOf(3)).missing).toBe(idOf(3));
  });
});

describe("the tokens at the fork", () => {
  test("are the last in the shared part, wherever that began", () => {
    const bytes = write(1, meta(), tokens(100));
    write(1, meta(), tokens(100), tokens(200));
    write(2, meta(baseAt(1, bytes)), tokens(300));
    expect(readUsageAtFork([join(home, "none"), home], idOf(2))).toMatchObject({ input_tokens: 100 });
    // A fork of a fork that has had no answer of its own.
    const empty = write(3, meta(baseAt(1, bytes)));
    write(4, meta(baseAt(3, empty)), tokens(500));
    expect(readUsageAtFork([home], idOf(4))).toMatchObject({ input_tokens: 100 });
  });

  test.each([-1, 1.5, null, "9", 1e300])("are unknown with the length %p", (bytes) => {
    write(1, meta(), tokens(100));
    write(2, meta(baseAt(1, bytes)), tokens(300));
    expect(readUsageAtFork([home], idOf(2))).toBeUndefined();
  });
});
