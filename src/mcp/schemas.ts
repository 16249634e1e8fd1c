import { z } from "zod";
import { MAX_CHECK_ATTEMPTS } from "#domain/check.ts";
import { MAX_TRIES } from "#domain/group.ts";
import { REVIEW_VERDICTS } from "#domain/finding.ts";
import { VERDICTS } from "#domain/readonly-audit.ts";
import { MAX_IMAGES, SANDBOXES, type TaskMode, VISIBLE_STATUSES } from "#domain/record.ts";
import type { OpenRequest } from "#tasks/start/request/complete-request.ts";
import type { TriesOptions } from "#tasks/start/start-tries.ts";

const sandbox = z.enum(SANDBOXES);
const seconds = z.number().min(0).max(31_536_000);

/** Parameters that `codex` and `codex_dispatch` share. `codex` also has those of Codex's former server. */
export const startInput = z.object({
  prompt: z.string().describe("The work for Codex; up to 1 MiB"),
  cwd: z.string().optional().describe("Folder of the work, absolute; default: the folder that this client works in"),
  topic: z
    .string()
    .optional()
    .describe("Name of the work in a few words, or <type>-<description>-v<version>; default: from the prompt"),
  sandbox: z
    .enum([...SANDBOXES, "danger-full-access"])
    .optional()
    .describe(
      "read-only (default): read and report, in cwd. Others change files in a git worktree: workspace-write in Codex's sandbox, " +
        "full-access without",
    ),
  network: z.boolean().optional().describe("Network access in workspace-write; default false"),
  approvals: z
    .enum(["never", "ask"])
    .optional()
    .describe("ask: may ask for more than workspace-write allows (codex_send answers); default never"),
  resume: z
    .string()
    .optional()
    .describe("Continue this task (task id, topic or session id): its folder, worktree and session"),
  session_id: z.string().optional().describe("Resume this Codex session in a task of its own"),
  model: z.string().optional().describe("Model for this task"),
  reasoning_effort: z.string().optional().describe("e.g. low, medium, high, xhigh"),
  profile: z.string().optional().describe("Codex profile"),
  images: z.array(z.string()).max(MAX_IMAGES).optional().describe("Absolute paths of images for the prompt"),
  output_schema: z.record(z.string(), z.unknown()).optional().describe("JSON Schema for Codex's final answer"),
  base: z
    .string()
    .optional()
    .describe("Branch, tag or commit that a new worktree starts from; default the checked-out commit"),
  include_uncommitted: z.boolean().optional().describe("Start a new worktree with the uncommitted changes in cwd"),
  commit: z
    .enum(["auto", "never"])
    .optional()
    .describe("auto (default): commit the changes that Codex leaves uncommitted in its worktree"),
  goal: z.string().optional().describe("Objective that Codex pursues turn after turn until it is reached"),
  goal_tokens: z.int().min(1).optional().describe("Token budget of the goal"),
  check: z.string().optional().describe("Shell command that checks the work after Codex's turn, e.g. npm test"),
  check_attempts: z
    .int()
    .min(1)
    .max(MAX_CHECK_ATTEMPTS)
    .optional()
    .describe("Times that check may run; after a failure Codex gets its output and continues; default 1"),
  max_tokens: z.int().min(1).optional().describe("End the run when it has used these tokens"),
  fork: z.string().optional().describe("Start from a copy of this task's session and worktree"),
  tries: z
    .int()
    .min(1)
    .max(MAX_TRIES)
    .optional()
    .describe("Start this many tasks with this prompt; codex_compare compares them"),
  variants: z
    .array(
      z.object({
        model: z.string().optional(),
        reasoning_effort: z.string().optional(),
        profile: z.string().optional(),
        prompt_suffix: z.string().optional(),
      }),
    )
    .max(MAX_TRIES)
    .optional()
    .describe("Settings of each try"),
  timeout_seconds: seconds.optional().describe("End the run after this time; 0 = never (default)"),
  idle_timeout_seconds: seconds
    .optional()
    .describe("End the run after this time without events; 0 = never; default 1800"),
});

/** Parameter for a task's id. */
export const taskId = z.string().describe("Task id or topic, or a clear beginning of it");

/** Statuses of a task. */
export const status = z.enum(VISIBLE_STATUSES);

// The following schemas of answers are created only when needed, because each adds to the start-up time of every server.

/** Returns the schemas of an answer's fields about a run that has ended and its worktree. */
export const outcomeSchemas = () => ({
  session_id: z.string().optional().describe("Pass it to resume this session"),
  result: z.string().optional().describe("Codex's last message"),
  exit_code: z.int().optional().describe("Codex's exit status"),
  usage: z.record(z.string(), z.int()).optional().describe("Tokens used by this run"),
  check: z
    .looseObject({ command: z.string(), passed: z.boolean().optional(), attempts: z.int() })
    .optional()
    .describe("Outcome of the check, which this server ran itself: with exit_code, seconds, output_tail, output_file"),
  goal_state: z
    .object({ status: z.string(), tokens_used: z.int() })
    .optional()
    .describe("What became of the goal: complete, blocked, budgetLimited, usageLimited or paused"),
  commit_error: z.string().optional().describe("Why the changes are not committed, e.g. the output of a hook"),
  readonly_audit: z
    .looseObject({ verdict: z.enum(VERDICTS) })
    .optional()
    .describe(
      "Under the read-only fallback: whether anything was written or attempted; UNVERIFIED: nothing was found, but something could not be judged",
    ),
});

/** Returns the schemas of an answer's fields about the findings of a review. */
export const reviewSchemas = () => {
  const finding = z.object({
    title: z.string(),
    body: z.string(),
    priority: z.int().describe("0 (stops everything) to 3 (good to fix)"),
    confidence: z.number().optional().describe("0 to 1"),
    path: z.string().describe("From the top of the working tree"),
    first_line: z.int().optional().describe("Absent for a file without lines in the diff"),
    last_line: z.int().optional(),
    reported_lines: z.string().optional().describe("The lines that Codex named, if some are outside the diff"),
  });
  return {
    findings: z.array(finding).optional().describe("By priority, then confidence; all in the diff"),
    outside_diff: z.array(finding).optional().describe("Findings about lines or files that are not in the diff"),
    findings_left_out: z
      .string()
      .optional()
      .describe("How many findings do not fit into the answer, and where they are"),
    outside_diff_left_out: z.string().optional().describe("How many of outside_diff, and where they are"),
    summary: z.string().optional().describe("Codex's explanation"),
    verdict: z.enum(REVIEW_VERDICTS).optional().describe("Whether the changes are correct as a whole"),
  };
};

/** Returns the schemas of an answer's fields about a worktree. */
export const worktreeSchemas = () => ({
  worktree_dir: z.string().optional().describe("Path of the worktree"),
  agent_branch: z.string().optional().describe("Branch of the worktree"),
  base_branch: z.string().optional().describe("Branch that it started from"),
  base_commit: z.string().optional().describe("Commit that it is compared with"),
  diff_stat: z.string().optional().describe("All changes since base_commit, including uncommitted and new files"),
  commits_ahead: z.int().optional().describe("Commits since base_commit"),
  files_changed: z.array(z.string()).optional().describe("Paths that differ from base_commit"),
  uncommitted_changes: z.array(z.string()).optional().describe("Lines of git status --short"),
  conflicts_with: z
    .array(z.object({ task: z.string(), files: z.array(z.string()), files_total: z.int().optional() }))
    .optional()
    .describe("Tasks with the same base_branch whose work would conflict, uncommitted work included"),
  conflicts_total: z.int().optional().describe("Their number, if not all are listed"),
  merges_cleanly: z.boolean().optional().describe("Whether the work merges into base_branch as it is now; if known"),
  not_compared: z.int().optional().describe("Worktrees with the same base_branch that were not compared in time"),
});

/** Returns the schemas of the additional fields of a failure. */
export const failureFields = () => ({
  error: z.string().optional().describe("What went wrong"),
  code: z.string().optional().describe("One of the error codes"),
  hint: z.string().optional().describe("What to do next"),
});

/** Returns the schema of a line of the task list. */
export const taskLine = () =>
  z.object({
    task_id: z.string(),
    topic: z.string(),
    status,
    mode: z.enum(["blocking", "dispatch"]),
    sandbox,
    cwd: z.string(),
    started_at: z.string(),
    elapsed_seconds: z.number(),
    asked: z.string().optional().describe("First line of the prompt"),
    outcome: z.string().optional().describe("First line of the result or error, or what Codex is doing"),
    running_on: z.string().optional().describe("Another container or host"),
  });

/** Returns the schemas of the fields about tries, which replace those about one task. */
export const triesSchemas = () => ({
  group: z.string().optional().describe("With tries: name of the group, which codex_wait and others take as a task id"),
  task_ids: z.array(z.string()).optional().describe("With tries: their tasks"),
  tasks: z
    .array(z.looseObject({ task_id: z.string(), status }))
    .optional()
    .describe("With tries: the answer of each, instead of the other fields"),
  not_started: z
    .array(z.looseObject({ number: z.int(), error: z.string() }))
    .optional()
    .describe("Tries that could not be started"),
});

/** Converts the parameters of a tool to a request for tries. */
export function toTriesOptions({ tries, variants }: z.output<typeof startInput>): TriesOptions {
  return {
    tries,
    variants: variants?.map(({ model, reasoning_effort, profile, prompt_suffix }) => ({
      model,
      reasoningEffort: reasoning_effort,
      profile,
      promptSuffix: prompt_suffix,
    })),
  };
}

/** Converts the parameters of a tool to a request of the use case. */
export function toOpenRequest(args: z.output<typeof startInput>, mode: TaskMode): OpenRequest {
  return {
    prompt: args.prompt,
    cwd: args.cwd,
    topic: args.topic,
    sandbox: args.sandbox === "danger-full-access" ? "full-access" : args.sandbox,
    network: args.network,
    approvals: args.approvals,
    resume: args.resume,
    fork: args.fork,
    mode,
    sessionId: args.session_id,
    model: args.model,
    reasoningEffort: args.reasoning_effort,
    profile: args.profile,
    images: args.images,
    outputSchema: args.output_schema,
    base: args.base,
    includeUncommitted: args.include_uncommitted,
    commit: args.commit,
    goal: args.goal,
    goalTokens: args.goal_tokens,
    check: args.check,
    checkAttempts: args.check_attempts,
    maxTokens: args.max_tokens,
    timeoutSeconds: args.timeout_seconds,
    idleTimeoutSeconds: args.idle_timeout_seconds,
  };
}
