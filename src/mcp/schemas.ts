import { z } from "zod";
import { VERDICTS } from "#domain/readonly-audit.ts";
import { MAX_IMAGES } from "#domain/record.ts";
import { TOPIC_TYPES } from "#domain/topic.ts";

const sandbox = z.enum(["read-only", "full-access"]);
const seconds = z.number().min(0).max(31_536_000);

/** Parameters that `codex` and `codex_dispatch` share. */
export const startInput = z.strictObject({
  prompt: z.string().describe("What Codex is to do; up to 1 MiB"),
  cwd: z.string().describe("Absolute path of the workspace; ~ is expanded"),
  topic: z
    .string()
    .describe(`<type>-<description>-v<version>, e.g. review-auth_module-v1; type one of ${TOPIC_TYPES.join(", ")}`),
  sandbox: sandbox.describe(
    "read-only: look and report, in cwd; full-access: change files, in a git worktree of its own",
  ),
  session_id: z.string().optional().describe("Resume this Codex session; give the topic its next version"),
  model: z.string().optional().describe("Model for this task"),
  reasoning_effort: z.string().optional().describe("e.g. low, medium, high, xhigh"),
  profile: z.string().optional().describe("Codex profile"),
  images: z.array(z.string()).max(MAX_IMAGES).optional().describe("Absolute paths of images for the prompt"),
  output_schema: z.record(z.string(), z.unknown()).optional().describe("JSON Schema for Codex's final answer"),
  base: z
    .string()
    .optional()
    .describe("Branch, tag or commit that a new worktree begins from; default what is checked out"),
  include_uncommitted: z.boolean().optional().describe("A new worktree begins with the uncommitted work in cwd"),
  commit: z
    .enum(["auto", "never"])
    .optional()
    .describe("auto (default): what Codex leaves uncommitted in its worktree is committed on its branch"),
  timeout_seconds: seconds.optional().describe("End the run after this time; 0 = never (default)"),
  idle_timeout_seconds: seconds.optional().describe("End it after this time without news; 0 = never; default 1800"),
});

/** Parameter for a task's id. */
export const taskId = z.string().describe("As codex or codex_dispatch gave it: codex-<topic>");

/** Statuses of a task. */
export const status = z.enum(["queued", "running", "completed", "failed", "cancelled"]);

// The following schemas of answers are created only when needed, because each adds to the start-up time of every server.

/** Returns the schemas of an answer's fields about a run that has ended and its worktree. */
export const outcomeSchemas = () => ({
  session_id: z.string().optional().describe("For resuming"),
  result: z.string().optional().describe("Codex's last message"),
  exit_code: z.int().optional().describe("Codex's exit status"),
  usage: z.record(z.string(), z.int()).optional().describe("This run's own tokens"),
  commit_error: z.string().optional().describe("Why the work is not committed, e.g. what a hook said"),
  readonly_audit: z
    .looseObject({ verdict: z.enum(VERDICTS) })
    .optional()
    .describe(
      "Under the read-only fallback: whether anything was, or was to be, written; UNVERIFIED: nothing was seen, but something could not be judged",
    ),
});

/** Returns the schemas of an answer's fields about a worktree. */
export const worktreeSchemas = () => ({
  worktree_dir: z.string().optional().describe("Where the work is"),
  agent_branch: z.string().optional().describe("The branch that it is on"),
  base_branch: z.string().optional().describe("The branch that it was made from"),
  base_commit: z.string().optional().describe("The commit that the diff is against"),
  diff_stat: z.string().optional().describe("All changes against base_commit, uncommitted and new files included"),
  commits_ahead: z.int().optional().describe("Commits since base_commit"),
  files_changed: z.array(z.string()).optional().describe("Paths that differ from base_commit"),
  uncommitted_changes: z.array(z.string()).optional().describe("Lines of git status --short"),
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
    running_on: z.string().optional().describe("Another container or host"),
  });
