import { join } from "node:path";
import type { Question } from "#domain/question.ts";
import type { RunFacts, TaskRecord, TaskRequest } from "#domain/record.ts";
import { taskPaths } from "#store/store-paths.ts";

/** Kinds of tasks of a board's load: `review` has a worktree with work, `answered` is an ended read-only task, `gone` has lost its worktree. */
export type LoadKind =
  | "running"
  | "queued"
  | "waiting"
  | "quota"
  | "review"
  | "answered"
  | "merged"
  | "gone"
  | "failed"
  | "cancelled";

/** Place and time of a task in a load. */
interface LoadPlace {
  index: number;
  home: string;
  now: number;
  repository: string;
  commit: string;
}

const MODELS = ["gpt-5", "gpt-5-codex", undefined];
const CLIENTS = ["claude-code", "cursor", "command line"];
const MINUTE_MS = 60_000;
const UNENDED: ReadonlySet<LoadKind> = new Set(["running", "queued", "waiting", "quota"]);

/** Makes the record of a task. Those that have ended began an hour apart, the newest of them lately. */
export function makeRecord(kind: LoadKind, place: LoadPlace, more: Partial<TaskRequest & RunFacts>): TaskRecord {
  const { index, now } = place;
  const request = { ...requestOf(kind, place), ...more };
  const facts = { ...factsOf(place, Date.parse(request.start_time)), ...more };
  switch (kind) {
    case "queued":
      return { ...request, status: "queued", launched: true, waiting_since: request.start_time };
    case "running":
      return { ...request, status: "running" };
    case "waiting":
      return { ...request, status: "running", approvals: "ask", questions: [questionOf(index)] };
    case "quota": {
      const until = new Date(now + 60 * MINUTE_MS).toISOString();
      return { ...request, status: "running", waiting_for: { kind: "quota", until, message: "Usage limit." } };
    }
    case "failed": {
      const failure = { error: "The check failed.", code: "check_failed", hint: "Read its output." } as const;
      return { ...request, ...facts, ...failure, ...more, status: "failed" };
    }
    case "cancelled": {
      const failure = { error: "It was cancelled.", code: "cancelled", hint: "Run it again." } as const;
      return { ...request, ...facts, ...failure, status: "cancelled" };
    }
    default:
      return { ...request, ...facts, status: "completed", result: `**Done** with task ${index}.\n\nMore about it.` };
  }
}

/** Facts of a run that ends now. */
export function endedNow(): RunFacts {
  return { end_time: new Date().toISOString(), elapsed_seconds: 600, exit_code: 0, result: "**Done**." };
}

function requestOf(kind: LoadKind, { index, home, now, repository, commit }: LoadPlace): TaskRequest {
  const topic = `implement-part_${index}-v1`;
  const task_id = `codex-${topic}`;
  const paths = taskPaths(home, task_id);
  const startedAt = now - (UNENDED.has(kind) ? 10 : (600 - Math.min(index, 590)) * 60) * MINUTE_MS;
  const model = MODELS[index % MODELS.length];
  const hasWorktree = ["merged", "gone", "review"].includes(kind) || (kind === "running" && index % 2 === 0);
  const place = { worktree_dir: `${repository}-${topic}`, agent_branch: `agent/${topic}`, base_branch: "main" };
  return {
    task_id,
    run: 1,
    topic,
    title: `Implement part ${index} of the parser & its <tests>`,
    mode: "dispatch",
    cwd: repository,
    workspace: join(repository, ".git"),
    run_dir: repository,
    prompt_file: paths.prompt,
    log_file: paths.log,
    sandbox: hasWorktree ? (index % 5 === 0 ? "full-access" : "workspace-write") : "read-only",
    start_time: new Date(startedAt).toISOString(),
    running_since: new Date(startedAt + 2000).toISOString(),
    client: CLIENTS[index % CLIENTS.length] ?? "",
    ...(model !== undefined && { model }),
    timeout_seconds: 3600,
    idle_timeout_seconds: 600,
    ...(hasWorktree && { ...place, made_here: true as const, base_commit: commit }),
  };
}

function factsOf({ index, now }: LoadPlace, startedAt: number): RunFacts {
  const minutes = 1 + (index % 9);
  const input_tokens = 4000 + index * 7;
  return {
    end_time: new Date(Math.min(startedAt + minutes * MINUTE_MS, now)).toISOString(),
    elapsed_seconds: minutes * 60,
    exit_code: 0,
    usage: { input_tokens, cached_input_tokens: 1000, output_tokens: 800 + index, reasoning_output_tokens: 100 },
    diff_stat: "1 file changed, 3 insertions(+), 1 deletion(-)",
    files_changed: ["src/part.ts"],
  };
}

function questionOf(index: number): Question {
  return {
    id: `q1-${index}`,
    kind: "command",
    text: "May I run this command?",
    decisions: ["accept", "decline", "cancel"],
    command: "rm -rf build",
    cwd: "/",
    reason: "The old build is in the way.",
    asked_at: new Date().toISOString(),
    expires_at: new Date(Date.now() + 60 * MINUTE_MS).toISOString(),
  };
}
