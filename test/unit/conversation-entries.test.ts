import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import type { LogEntry } from "#board/api/conversation.ts";
import { joinEntries } from "#board/api/join-entries.ts";
import { readLogEntries } from "#board/conversation/read-conversation.ts";
import { searchLog } from "#board/conversation/search-conversation.ts";
import { toEntry } from "#board/conversation/to-entry.ts";
import { splitOutput, withoutColours } from "#board/page/conversation/entries/terminal-text.ts";
import { splitMarkdown, takeBeginning } from "#board/page/parts/markdown/split-markdown.ts";
import { garbageLines, knownEvents, newEvents, wrongEvents } from "../support/event-lines.ts";
import { runs, texts } from "../support/property.ts";

const folder = mkdtempSync(join(tmpdir(), "entries-"));
const path = join(folder, "codex-exec.log");
afterAll(() => rmSync(folder, { recursive: true }));

const write = (...events: object[]) =>
  writeFileSync(path, events.map((event) => `${JSON.stringify(event)}\n`).join(""));
const item = (type: "started" | "updated" | "completed", fields: object) => ({ type: `item.${type}`, item: fields });
const command = (id: string, text: string, more: object = {}) => ({
  id,
  type: "command_execution",
  command: text,
  aggregated_output: "",
  status: "in_progress",
  ...more,
});
const read = async () => (await readLogEntries(path, "end")).entries;

const lines = fc.oneof(
  { weight: 5, arbitrary: knownEvents.map((event) => JSON.stringify(event)) },
  newEvents.map((event) => JSON.stringify(event)),
  wrongEvents,
  garbageLines.map((line) => line.replaceAll("\n", " ")),
);

/** Reports about few items, so that many are about the same one. */
const reports = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ type: "turn.started" }) },
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.constantFrom("1", "2"), fc.constantFrom("ls", "cat"), fc.constantFrom("in_progress", "completed"))
      .map(([id, text, status]) =>
        item(status === "completed" ? "completed" : "started", command(id, text, { status })),
      ),
  },
  {
    weight: 1,
    arbitrary: fc.constant(item("updated", { type: "todo_list", items: [{ text: "a", completed: false }] })),
  },
  { weight: 1, arbitrary: fc.constant(item("completed", { type: "agent_message", text: "m" })) },
);

describe("entries", () => {
  test("every line has an entry or none; it never throws, and an entry is bounded", () => {
    fc.assert(
      fc.property(lines, (text) => {
        const entry = toEntry({ text, start: 0, end: text.length + 1 }, undefined);
        expect(JSON.stringify(entry ?? null).length).toBeLessThan(500_000);
      }),
      runs(),
    );
  });

  test("entries of parts that are joined are the entries of the whole, however it is divided", () => {
    fc.assert(
      fc.property(
        fc.array(reports, { maxLength: 30 }),
        fc.array(fc.nat({ max: 30 }), { maxLength: 6 }),
        (all, cuts) => {
          const entries = all.flatMap((report, index) => {
            const line = { text: JSON.stringify(report), start: index, end: index + 1 };
            return toEntry(line, new Date(1e12 + index * 1500)) ?? [];
          });
          const bounds = [0, ...cuts.filter((at) => at < entries.length).toSorted((a, b) => a - b), entries.length];
          const parts = bounds.slice(1).map((to, index) => joinEntries(entries.slice(bounds[index], to)));
          const whole = joinEntries(entries);
          expect(joinEntries(parts.flat())).toEqual(whole);
          let after: LogEntry[] = [];
          for (const part of parts.toReversed()) after = joinEntries(part.concat(after));
          expect(after).toEqual(whole);
        },
      ),
      runs(),
    );
  });

  test("an item that a turn left open is not that of the next turn with the same id", async () => {
    const started = item("started", command("c", "ls"));
    write(
      { type: "turn.started" },
      started,
      { type: "turn.started" },
      item("completed", command("c", "ls", { status: "failed" })),
    );
    expect((await read()).map(({ status }) => status)).toEqual(["started", "in_progress", "started", "failed"]);
  });

  test("start and end of a command are one entry, with its duration; ids mean something else in the next turn", async () => {
    write(
      { type: "turn.started" },
      item("started", command("c1", "/bin/bash -lc 'ls'")),
      item("completed", { id: "m", type: "agent_message", text: "Looking." }),
      item(
        "completed",
        command("c1", "/bin/bash -lc 'ls'", { aggregated_output: "a\n", exit_code: 0, status: "completed" }),
      ),
      { type: "turn.started" },
      item("started", command("c1", "/bin/bash -lc 'ls'")),
    );
    writeFileSync(join(folder, "codex-exec.times"), "100 1000000\n260 2000000\n100000 5000000\n");
    const entries = await read();
    rmSync(join(folder, "codex-exec.times"));
    expect(entries.map(({ kind, status }) => [kind, status])).toEqual([
      ["turn", "started"],
      ["message", undefined],
      ["command", "completed"],
      ["turn", "started"],
      ["command", "in_progress"],
    ]);
    const done = entries[2];
    expect(done?.command).toMatchObject({ command: "ls", exit_code: 0, output: "a\n", output_bytes: 2 });
    expect(done?.command?.seconds).toBeGreaterThan(0);
    expect(done?.first).toBeLessThan(done?.at ?? 0);
  });

  test("another command under the same id is another entry: none hides behind it", async () => {
    write(item("started", command("c", "rm -rf x")), item("completed", command("c", "ls", { status: "completed" })));
    expect((await read()).map((entry) => entry.command?.command)).toEqual(["rm -rf x", "ls"]);
  });

  test("changes have their diffs, with content as added or deleted lines", async () => {
    const changes = [
      { path: "a", kind: "update", diff: "@@ -1 +1 @@\n-a\n+b\n" },
      { path: "b", kind: "add", diff: "x\ny\n" },
      { path: "c", kind: "delete", diff: "z" },
      { path: "d", kind: "update" },
    ];
    write(item("completed", { id: "p", type: "file_change", changes, status: "completed" }));
    const [entry] = await read();
    expect(entry?.files?.map(({ diff }) => diff)).toEqual(["@@ -1 +1 @@\n-a\n+b\n", "+x\n+y", "-z", undefined]);
  });

  test("what is long is cut, and says so", async () => {
    write(
      item("completed", { id: "m", type: "agent_message", text: "x".repeat(100_000) }),
      item("completed", command("c", "ls", { aggregated_output: "y".repeat(5000), exit_code: 0 })),
      { type: "new.event" },
    );
    const [message, done, unknown] = await read();
    expect([message?.text?.length, message?.is_cut]).toEqual([64 * 1024, true]);
    expect([done?.command?.output.length, done?.command?.output_bytes, done?.is_cut]).toEqual([4096, 5000, true]);
    expect(unknown).toMatchObject({ kind: "unread", text: "new.event" });
  });
});

describe("search", () => {
  test("finds in commands, outputs and messages whatever the case, once for an item, and gives the text around", async () => {
    write(
      item("completed", { id: "m", type: "agent_message", text: `${"a ".repeat(100)}NEEDLE${" b".repeat(100)}` }),
      item("started", command("c", "grep needle")),
      item("completed", command("c", "grep needle", { aggregated_output: "needle", status: "completed" })),
      item("completed", { id: "r", type: "reasoning", text: "hay" }),
    );
    const { hits, is_cut } = await searchLog(path, 3, "Needle");
    expect(is_cut).toBe(false);
    expect(hits.map(({ kind, run }) => [kind, run])).toEqual([
      ["message", 3],
      ["command", 3],
    ]);
    expect(hits[0]?.excerpt).toMatch(/^…[ a]{60}NEEDLE[ b]{60}…$/);
    const entries = await read();
    for (const hit of hits) expect(entries.map(({ at }) => at)).toContain(hit.at);
  });

  test("has at most 200 hits, and ends when nobody waits for it", async () => {
    write(...Array.from({ length: 300 }, () => item("completed", { id: "", type: "agent_message", text: "hit" })));
    expect(await searchLog(path, 1, "hit")).toMatchObject({ is_cut: true, hits: { length: 200 } });
    expect(await searchLog(path, 1, "hit", AbortSignal.abort())).toEqual({ hits: [], is_cut: false });
    expect(await searchLog(path, 1, "")).toEqual({ hits: [], is_cut: false });
  });
});

describe("texts of the page", () => {
  const long = fc
    .array(fc.oneof(texts, fc.constantFrom("```\n", "~~~~\n", "\n\n", "para ".repeat(700), "👍🏽".repeat(5000))), {
      maxLength: 30,
    })
    .map((parts) => parts.join("\n"));

  test("pieces of Markdown and parts of an output are the whole text", () => {
    fc.assert(
      fc.property(long, (text) => {
        expect(
          splitMarkdown(text)
            .map((piece) => piece.text)
            .join(""),
        ).toBe(text);
        expect(splitOutput(text).join("")).toBe(text);
        for (const part of splitOutput(text)) expect(part.length).toBeLessThanOrEqual(8192);
      }),
      runs(),
    );
  });

  test("no piece begins within a code block", () => {
    const block = `\`\`\`\n${"code\n\n".repeat(300)}\`\`\`\n\n`;
    for (const { text } of splitMarkdown(block.repeat(20))) expect(text.startsWith("```")).toBe(true);
  });

  test("the beginning of a text is its beginning, within the limits", () => {
    fc.assert(
      fc.property(long, (text) => {
        const start = takeBeginning(text, 4000, 60);
        expect(text.toWellFormed().startsWith(start.toWellFormed().slice(0, -1))).toBe(true);
        expect(start.length).toBeLessThanOrEqual(4000);
        expect(start.split("\n").length).toBeLessThanOrEqual(61);
      }),
      runs(),
    );
  });

  test("colours are left out, other sequences are not", () => {
    expect(withoutColours("\u001B[1;31mred\u001B[0m\r\n\u001B[2J")).toBe("red\n\u001B[2J");
  });
});

test("entries keep the offsets of a log with bytes that are not UTF-8", async () => {
  const line = Buffer.concat([
    Buffer.from('{"type":"error","message":"'),
    Buffer.from([0xff, 0xfe]),
    Buffer.from('"}\n'),
  ]);
  writeFileSync(path, Buffer.concat([line, line]));
  const entries: LogEntry[] = await read();
  expect(entries.map(({ at }) => at)).toEqual([line.length, 2 * line.length]);
  expect(entries[0]?.text).toBe("\uFFFD\uFFFD");
});
