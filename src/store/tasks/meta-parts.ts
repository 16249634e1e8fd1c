import * as v from "valibot";
import type { CheckOutcome } from "#domain/check.ts";
import type { ReviewFinding } from "#domain/finding.ts";
import { type ReadonlyAudit, VERDICTS } from "#domain/readonly-audit.ts";

const effect = v.union([v.boolean(), v.literal("unknown")]);
const took_effect = v.literal(true);

/** Schema of an audit in `meta.json`, including those written by earlier versions. */
export const ReadonlyAuditSchema: v.GenericSchema<ReadonlyAudit> = v.object({
  mode: v.literal("fallback"),
  verdict: v.picklist(VERDICTS),
  violations_detected: v.number(),
  violations: v.array(
    v.variant("kind", [
      v.object({ kind: v.literal("command"), command: v.string(), why: v.array(v.string()), took_effect: effect }),
      v.object({ kind: v.literal("file_change"), path: v.string(), change: v.string(), took_effect: effect }),
      v.object({
        kind: v.picklist(["workspace", "log", "codex_home"]),
        path: v.string(),
        change: v.string(),
        took_effect,
      }),
    ]),
  ),
  enforcement: v.picklist(["landlock", "none"]),
  evidence: v.object({
    unknown_commands: v.array(v.string()),
    commands_judged: v.number(),
    unknown_events: v.exactOptional(v.array(v.string())),
    workspace: v.exactOptional(
      v.object({
        path: v.string(),
        entries: v.number(),
        milliseconds: v.number(),
        not_covered: v.array(v.string()),
      }),
    ),
    landlock_abi: v.exactOptional(v.number()),
    seccomp: v.exactOptional(v.boolean()),
    capabilities_dropped: v.exactOptional(v.boolean()),
    notes: v.array(v.string()),
  }),
});

/** Schema of the findings of a review. */
export const FindingsSchema: v.GenericSchema<ReviewFinding[]> = v.array(
  v.object({
    title: v.string(),
    body: v.string(),
    priority: v.number(),
    confidence: v.exactOptional(v.number()),
    path: v.string(),
    first_line: v.exactOptional(v.number()),
    last_line: v.exactOptional(v.number()),
    reported_lines: v.exactOptional(v.string()),
  }),
);

/** Schema of the outcome of a check. */
export const CheckSchema: v.GenericSchema<CheckOutcome> = v.object({
  command: v.string(),
  passed: v.boolean(),
  exit_code: v.exactOptional(v.number()),
  attempts: v.number(),
  seconds: v.number(),
  output_tail: v.string(),
  output_file: v.string(),
  commit: v.exactOptional(v.string()),
  why: v.exactOptional(v.string()),
});
