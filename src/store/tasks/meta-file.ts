import { join } from "node:path";
import * as v from "valibot";
import { REVIEW_VERDICTS } from "#domain/finding.ts";
import { DELIVERIES, MESSAGE_STATES, MESSAGE_TIMES } from "#domain/message.ts";
import { ERROR_CODES, type ErrorCode } from "#base/errors.ts";
import { readFileBounded } from "#platform/files/read-file.ts";
import { SANDBOXES, type TaskRecord } from "#domain/record.ts";
import { CheckSchema, FindingsSchema, ReadonlyAuditSchema } from "./meta-parts.ts";
import type { TaskPaths } from "#store/store-paths.ts";

const isErrorCode = (value: string): value is ErrorCode => Object.hasOwn(ERROR_CODES, value);

// The Python server writes null for missing values, and times without a zone (local time).
const text = v.pipe(
  v.nullish(v.string()),
  v.transform((value) => value || undefined),
);
const number = v.pipe(
  v.nullish(v.number()),
  v.transform((value) => value ?? undefined),
);
const time = v.pipe(
  v.string(),
  v.transform((value) => new Date(value)),
  v.check((value) => !Number.isNaN(value.getTime()), "is not a time"),
  v.transform((value) => value.toISOString()),
);
const list = v.optional(v.array(v.string()));
const usage = v.optional(
  v.object({
    input_tokens: v.number(),
    cached_input_tokens: v.optional(v.number(), 0),
    output_tokens: v.number(),
    reasoning_output_tokens: v.optional(v.number(), 0),
  }),
);

const MetaSchema = v.object({
  task_id: v.string(),
  run: v.optional(v.number()),
  topic: v.string(),
  title: text,
  mode: v.picklist(["blocking", "dispatch"]),
  sandbox: v.optional(v.picklist(SANDBOXES), "read-only"),
  cwd: v.string(),
  workspace: text,
  run_dir: text,
  prompt_file: v.string(),
  log_file: v.string(),
  start_time: time,
  started_clock: v.optional(v.object({ boot: v.string(), ran_ms: v.number() })),
  launched: v.optional(v.literal(true)),
  waiting_since: text,
  running_since: text,
  status: v.optional(v.picklist(["queued", "running", "completed", "failed", "cancelled"]), "running"),
  tmux_session: text,
  tmux_socket: text,
  client: text,
  client_key: text,
  resumes: text,
  forks: text,
  forks_session: text,
  group: v.optional(v.object({ id: v.string(), number: v.number(), of: v.number() })),
  check_request: v.optional(v.object({ command: v.string(), attempts: v.number() })),
  check: v.optional(CheckSchema),
  max_tokens: v.optional(v.number()),
  waiting_for: v.optional(v.object({ kind: v.literal("quota"), until: v.string(), message: v.string() })),
  model: text,
  reasoning_effort: text,
  profile: text,
  images: list,
  output_schema_file: text,
  review: text,
  network: v.optional(v.literal(true)),
  approvals: v.optional(v.literal("ask")),
  goal: v.optional(v.object({ objective: v.string(), token_budget: v.exactOptional(v.number()) })),
  goal_state: v.optional(v.object({ status: v.string(), tokens_used: v.number() })),
  pipes: v.optional(v.literal(true)),
  engine: v.optional(v.literal("app-server")),
  codex_version: text,
  codex_program: text,
  spare: v.optional(v.object({ id: v.string(), pid: v.number(), start: v.string() })),
  settings: list,
  timeout_seconds: v.optional(v.number(), 0),
  idle_timeout_seconds: v.optional(v.number(), 0),
  worktree_note: text,
  commit: v.optional(v.literal("never")),
  commit_error: text,
  daemon_requests: list,
  messages: v.optional(
    v.array(
      v.object({
        id: v.string(),
        text: v.string(),
        when: v.picklist(MESSAGE_TIMES),
        sent_at: v.string(),
        state: v.picklist(MESSAGE_STATES),
        delivery: v.exactOptional(v.picklist(DELIVERIES)),
        why: v.exactOptional(v.string()),
      }),
    ),
  ),
  worktree_dir: text,
  agent_branch: text,
  base_branch: text,
  base_commit: text,
  made_here: v.optional(v.literal(true)),
  session_id: text,
  end_time: v.pipe(
    v.nullish(time),
    v.transform((value) => value ?? undefined),
  ),
  elapsed_seconds: number,
  exit_code: number,
  result: text,
  findings: v.optional(FindingsSchema),
  outside_diff: v.optional(FindingsSchema),
  summary: v.optional(v.string()),
  verdict: v.optional(v.picklist(REVIEW_VERDICTS)),
  usage,
  session_usage: usage,
  usage_before: usage,
  readonly_fallback: v.optional(v.literal(true)),
  readonly_audit: v.optional(ReadonlyAuditSchema),
  end_commit: text,
  commits_ahead: v.optional(v.number()),
  diff_stat: v.optional(v.string()),
  files_changed: list,
  uncommitted_changes: list,
  error: text,
  code: v.pipe(
    text,
    v.transform((value) => (value !== undefined && isErrorCode(value) ? value : undefined)),
  ),
  hint: text,
});

/** Published record, or a one-sentence reason why there is none. */
export type MetaOutcome = { record: TaskRecord } | { fault: string };

/** Reads a task's published record, ours or the Python server's, filling in the fields that the latter omits. */
export function readMetaFile(path: string): MetaOutcome {
  const outcome = readFileBounded(path);
  if (!("bytes" in outcome)) return { fault: outcome.message };
  let json: unknown;
  try {
    json = JSON.parse(outcome.bytes.toString("utf8"));
  } catch {
    return { fault: `${path} is ${outcome.bytes.length === 0 ? "empty" : "not valid JSON, or incomplete"}.` };
  }
  const parsed = v.safeParse(MetaSchema, json);
  if (parsed.success) return { record: toRecord(parsed.output) };
  const field = v.getDotPath(parsed.issues[0]);
  return { fault: `${path} has a field that this version cannot read${field === null ? "" : ` (${field})`}.` };
}

/**
 * Reads a task's published record.
 * @returns undefined if there is none, or it cannot be read
 */
export function readMeta(path: string): TaskRecord | undefined {
  const outcome = readMetaFile(path);
  return "record" in outcome ? outcome.record : undefined;
}

/** Reads the record of a run that was followed by another run of its task; undefined as for {@link readMeta}. */
export function readEarlierMeta(paths: TaskPaths, run: number): TaskRecord | undefined {
  return readMeta(join(paths.runs, String(run), "meta.json"));
}

/** Formats a record as the text of a `meta.json`. */
export function formatMeta(record: TaskRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}

function toRecord(meta: v.InferOutput<typeof MetaSchema>): TaskRecord {
  const { status, ...known } = withoutUndefined(meta);
  const request = {
    ...known,
    // Only this program's records number the runs.
    ...(known.run === undefined ? { run: 1, origin: "python" as const } : { run: known.run }),
    workspace: known.workspace ?? known.cwd,
    run_dir: known.run_dir ?? known.cwd,
  };
  if (status === "queued" || status === "running") return { ...request, status };
  const facts = { ...request, end_time: known.end_time ?? known.start_time };
  if (status === "completed") return { ...facts, status };
  return {
    ...facts,
    status,
    error: known.error ?? (status === "cancelled" ? "The task was cancelled." : (known.result ?? "The task failed.")),
    code: known.code ?? (status === "cancelled" ? "cancelled" : "codex_failed"),
    hint: known.hint ?? "Read codex-exec.log in the task's folder for details.",
  };
}

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

function withoutUndefined<T extends object>(value: T): Defined<T> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- fromEntries forgets the keys
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Defined<T>;
}
