import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { AppError } from "#base/errors.ts";
import type { LogEntry } from "#board/api/conversation.ts";
import type { ExportedTask } from "#board/api/export.ts";
import { readExportedWindow, searchExportedLog } from "#board/page/export/exported-log.ts";
import type { TaskPageData } from "#board/api/task.ts";
import { checkExport, hideHome, redactExport } from "#board/export/clean-export.ts";
import { collectExport, type ExportReaders } from "#board/export/collect-export.ts";
import { runs } from "../support/property.ts";

const SECRET = `ghp_${"a1B2".repeat(9)}`;
const FILE = { path: "a.txt", status: "added", insertions: 1, deletions: 0, is_binary: false } as const;

const entryAt = (at: number, text: string): LogEntry => ({ at, kind: "message", text });

const PAGE: TaskPageData = {
  card: {
    id: "codex-review-x-v1",
    run: 2,
    status: "completed",
    column: "review",
    title: "A task",
    topic: "review-x-v1",
    repository: "/home/ann/project",
    sandbox: "read-only",
    is_unsandboxed: false,
    started_at: "2026-01-01T00:00:00Z",
    elapsed_seconds: 1,
    questions: 0,
    work: "open",
  },
  prompt: "Work in /home/ann/project, not in /home/anna.",
  runs: [
    { run: 1, status: "completed", has_log: true },
    { run: 2, status: "completed", has_log: true },
    { run: 3, status: "completed", has_log: false },
  ],
  questions: [],
  messages: [],
  facts: [],
  files: [],
  logs_command: "codex-mcp-server logs codex-review-x-v1",
  actions: ["merge"],
};

/** Readers of a task whose logs have windows of ten bytes. */
const READERS: ExportReaders = {
  readTask: async () => PAGE,
  readLog: async (_id, { run = 2, before = 30 }) => {
    const start = Math.max(0, before - 10);
    return { run, entries: [entryAt(before, `run ${run} at ${before}`)], start, end: before, size: 30 };
  },
  readOutput: async () => `whole ${SECRET}`,
  readDiff: async (_id, since) => ({
    key: since,
    since,
    files: [
      { ...FILE, offset: 0, length: 10 },
      { ...FILE, path: "large.txt", offset: 10, length: 5_000_000 },
    ],
    diff_stat: "",
    patch_bytes: 5_000_010,
    has_last_run: true,
  }),
  readPatch: async (key, offset) => `${key} at ${offset}`,
  joinEntries: (entries) => [...entries],
};

const collect = async (readers: Partial<ExportReaders> = {}, parts = { hasDiff: true, hasOutput: false }) =>
  collectExport({ ...READERS, ...readers }, "x", parts, "1.0");

describe("the data of an exported task", () => {
  test("has whole logs in their order, small diffs, and no actions; it says what is left out", async () => {
    const { logs, diffs, left_out, task } = await collect();
    expect(logs.map(({ run, entries }) => [run, entries.map(({ at }) => at)])).toEqual([
      [1, [10, 20, 30]],
      [2, [10, 20, 30]],
    ]);
    expect(diffs.map(({ patches }) => patches)).toEqual([
      [{ offset: 0, text: "base at 0" }],
      [{ offset: 0, text: "run at 0" }],
    ]);
    expect(left_out).toEqual(["The diffs of 1 large file are left out.", "The diffs of 1 large file are left out."]);
    expect(task.actions).toEqual([]);
  });

  test("has the newest 20 MB of conversations", async () => {
    const readLog: ExportReaders["readLog"] = async (_id, { run = 2, before = 100 }) => ({
      run,
      entries: [entryAt(before, "x".repeat(6_000_000))],
      start: before - 1,
      end: before,
      size: 100,
    });
    const { logs, left_out } = await collect({ readLog }, { hasDiff: false, hasOutput: false });
    expect(logs.map(({ run, entries, start }) => [run, entries.length, start])).toEqual([[2, 4, 96]]);
    expect(left_out).toContain("The first 96 B of the log of run 2 are left out.");
    expect(left_out).toContain("The conversation of run 1 is left out.");
  });

  test("ends although windows do not move, and names what cannot be read", async () => {
    const readLog: ExportReaders["readLog"] = async (_id, { run = 2 }) => {
      if (run === 1) throw new AppError("file_system_refused", "It is gone.", "");
      return { run, entries: [], start: 5, end: 5, size: 5 };
    };
    const readDiff = async () => {
      throw new AppError("no_worktree", "No worktree.", "");
    };
    const { left_out } = await collect({ readLog, readDiff });
    expect(left_out).toContain("The conversation of run 1 cannot be read: It is gone.");
    expect(left_out).toContain("The diff cannot be read: No worktree.");
  });

  test("has the rest of short outputs, and of long ones on request", async () => {
    const command = (output_bytes: number) => ({ command: "seq", output: "1", output_bytes });
    const readLog: ExportReaders["readLog"] = async (_id, { run = 2 }) => ({
      run,
      entries: [
        { at: 1, kind: "command", command: command(1) },
        { at: 2, kind: "command", command: command(60_000) },
        { at: 3, kind: "command", command: command(100_000) },
        { at: 4, kind: "command", command: command(6_000_000) },
        { at: 5, kind: "message", text: "", is_cut: true },
      ],
      start: 0,
      end: 5,
      size: 5,
    });
    const short = await collect({ readLog });
    expect(short.outputs.map(({ run, at }) => `${run}:${at}`)).toEqual(["1:2", "1:5", "2:2", "2:5"]);
    expect(short.left_out[0]).toContain("The rest of 4 long outputs is left out.");
    const long = await collect({ readLog }, { hasDiff: true, hasOutput: true });
    expect(long.outputs.filter(({ run }) => run === 2).map(({ at }) => at)).toEqual([2, 3, 5]);
  });
});

describe("cleaning", () => {
  const withSecrets = async (): Promise<ExportedTask> => {
    const data = await collect();
    const texts = data.logs.map((log) => ({ ...log, entries: [entryAt(1, `use ${SECRET}`)] }));
    const diffs = data.diffs.map((diff) => ({ ...diff, patches: [{ offset: 0, text: `+${SECRET}\n` }] }));
    return { ...data, task: { ...data.task, prompt: `Use ${SECRET}.` }, logs: texts, diffs };
  };

  test("secrets are listed by place, and none is left in redacted data", async () => {
    const data = await withSecrets();
    const { secrets, found } = await checkExport(data, []);
    expect(secrets).toBe(5);
    expect(found.map(({ place, count }) => [place, count])).toEqual([
      ["the diff of a.txt", 2],
      ["the prompt", 1],
      ["run 1: message", 1],
      ["run 2: message", 1],
    ]);
    const redacted = await redactExport(data, []);
    expect(redacted.redacted).toBe(5);
    expect(JSON.stringify(redacted)).not.toContain(SECRET);
    expect((await checkExport(redacted, [])).secrets).toBe(0);
  });

  test("the home folder becomes ~, and others do not", async () => {
    const { task } = await hideHome(await collect(), "/home/ann");
    expect(task.prompt).toBe("Work in ~/project, not in /home/anna.");
    expect(task.card.repository).toBe("~/project");
  });
});

describe("an exported conversation", () => {
  const entries = fc
    .uniqueArray(fc.nat(100_000), { maxLength: 1500 })
    .map((positions) => positions.toSorted((a, b) => a - b).map((at) => entryAt(at + 1, `entry ${at}`)));

  test("consecutive windows, from either end, are the whole", () => {
    fc.assert(
      fc.property(entries, (all) => {
        const log = { run: 1, entries: all, start: 0, size: 100_001 };
        const backward: LogEntry[] = [];
        let window = readExportedWindow(log, {});
        backward.unshift(...window.entries);
        while (window.start > 0) {
          window = readExportedWindow(log, { before: window.start });
          backward.unshift(...window.entries);
        }
        expect(backward).toEqual(all);
        const forward: LogEntry[] = [];
        for (let after = 0; after < log.size; after = window.end) {
          window = readExportedWindow(log, { after });
          forward.push(...window.entries);
        }
        expect(forward).toEqual(all);
      }),
      runs(4),
    );
  });

  test("a search finds every entry with the text, whatever its case", () => {
    const log = { run: 1, entries: [entryAt(1, "One"), entryAt(2, "two"), entryAt(3, "ONE more")], start: 0, size: 3 };
    expect(searchExportedLog(log, "one").hits.map(({ at }) => at)).toEqual([1, 3]);
    expect(searchExportedLog(log, "").hits).toEqual([]);
  });
});
