import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatMeta, readMeta } from "#store/tasks/meta-file.ts";
import type { ReadonlyAudit, Violation } from "#domain/readonly-audit.ts";
import { isEnded } from "#domain/record.ts";

const OLD: ReadonlyAudit = {
  mode: "fallback",
  verdict: "VIOLATION",
  violations_detected: 1,
  violations: [{ kind: "command", command: "rm f", why: ["rm removes files"], took_effect: false }],
  enforcement: "landlock",
  evidence: { unknown_commands: [], commands_judged: 1, landlock_abi: 4, notes: [] },
};
const VIOLATIONS: Violation[] = [
  { kind: "command", command: "rm f", why: [], took_effect: "unknown" },
  { kind: "file_change", path: "f", change: "add", took_effect: "unknown" },
  { kind: "workspace", path: "f", change: "added", took_effect: true },
  { kind: "log", path: "/log", change: "cut", took_effect: true },
  { kind: "codex_home", path: "auth.json", change: "changed", took_effect: true },
];
const NEW: ReadonlyAudit = {
  ...OLD,
  verdict: "UNVERIFIED",
  violations: VIOLATIONS,
  evidence: { ...OLD.evidence, unknown_events: ["a line"], seccomp: true, capabilities_dropped: false },
};

for (const [whose, readonly_audit] of Object.entries({ "an earlier version": OLD, "this version": NEW })) {
  test(`the audit of ${whose} is read as it was written`, () => {
    const folder = mkdtempSync("/var/tmp/codexmcp-meta-");
    try {
      const path = join(folder, "meta.json");
      const record = {
        task_id: "codex-review-x-v1",
        run: 1,
        topic: "review-x-v1",
        mode: "blocking",
        sandbox: "read-only",
        cwd: "/x",
        workspace: "/x",
        run_dir: "/x",
        prompt_file: "/p",
        log_file: "/l",
        start_time: "2026-01-01T00:00:00.000Z",
        timeout_seconds: 0,
        idle_timeout_seconds: 0,
        status: "completed",
        end_time: "2026-01-01T00:00:01.000Z",
        readonly_fallback: true,
        readonly_audit,
      } as const;
      writeFileSync(path, formatMeta(record));
      const read = readMeta(path);
      expect(read !== undefined && isEnded(read) ? read.readonly_audit : undefined).toEqual(readonly_audit);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
