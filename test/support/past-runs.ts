import type { Usage } from "#domain/usage.ts";
import type { EndedTask, TaskRecord } from "#domain/record.ts";
import { localDay } from "#platform/clock.ts";
import { openStore, type Store } from "#store/store.ts";
import { taskPaths } from "#store/store-paths.ts";
import { replaceTask } from "#store/tasks/task-row.ts";
import { recordTokenUse } from "#store/token-use.ts";

/** Run of the past, as far as a test says something about it. */
export interface PastRun {
  task_id: string;
  run?: number;
  title?: string;
  topic?: string;
  repository?: string;
  model?: string;
  status?: EndedTask["status"] | "running" | "queued";
  /** Times in milliseconds. */
  queuedAt: number;
  startedAt?: number;
  endedAt?: number;
  usage?: Partial<Usage>;
  messages?: { at: number; text: string }[];
}

/** Opens a store in a state folder. */
export function storeAt(home: string): Store {
  return openStore(home, (cwd) => cwd);
}

/** Returns the record of a run. */
export function recordOf(home: string, past: PastRun): TaskRecord {
  const { task_id, run = 1, title, topic = `implement-${task_id}-v1`, repository = "/code/project", model } = past;
  const { queuedAt, startedAt = queuedAt, endedAt = startedAt + 60_000, status = "completed" } = past;
  const paths = taskPaths(home, task_id);
  const request = {
    task_id,
    run,
    topic,
    ...(title !== undefined && { title }),
    ...(model !== undefined && { model }),
    mode: "dispatch",
    sandbox: "read-only",
    cwd: repository,
    workspace: `${repository}/.git`,
    run_dir: repository,
    prompt_file: paths.prompt,
    log_file: paths.log,
    start_time: new Date(queuedAt).toISOString(),
    timeout_seconds: 0,
    idle_timeout_seconds: 0,
  } as const;
  if (status === "queued") return { ...request, status };
  const running = { ...request, running_since: new Date(startedAt).toISOString() };
  if (status === "running") return { ...running, status };
  const messages = past.messages?.map(({ at, text }, index) => ({
    id: `m${index}`,
    text,
    when: "now" as const,
    sent_at: new Date(at).toISOString(),
    state: "delivered" as const,
  }));
  const facts = {
    ...running,
    end_time: new Date(endedAt).toISOString(),
    elapsed_seconds: (endedAt - startedAt) / 1000,
    result: "Done. ".repeat(50),
    ...(messages !== undefined && { messages }),
  };
  if (status === "completed") return { ...facts, status };
  return { ...facts, status, error: "It failed.", code: "codex_failed", hint: "Read the log." };
}

/** Puts runs into the index of a store, with their tokens. */
export function addPastRuns(store: Store, runs: readonly PastRun[]): void {
  const addAll = store.writable.transaction(() => {
    for (const past of runs) {
      const record = recordOf(store.paths.home, past);
      replaceTask(store.writable, record);
      if (past.usage === undefined) continue;
      const none = { input_tokens: 0, cached_input_tokens: 0, output_tokens: 0, reasoning_output_tokens: 0 };
      const day = localDay(new Date("end_time" in record ? record.end_time : Date.now()));
      recordTokenUse(store, record, { ...none, ...past.usage }, day);
    }
  });
  addAll.immediate();
}

/** Returns so many runs of different repositories, models and outcomes, spread over the time before now, the newest first. */
export function variedRuns(count: number, spreadMs: number, now = Date.now()): PastRun[] {
  const outcomes = ["completed", "completed", "completed", "failed", "cancelled"] as const;
  return Array.from({ length: count }, (_, index) => {
    const queuedAt = now - Math.round(((index + 1) / count) * spreadMs);
    const waitedMs = index % 4 === 0 ? spreadMs / 200 : 0;
    const startedAt = queuedAt + waitedMs;
    const endedAt = Math.min(now - 1000, startedAt + (spreadMs / 60) * (1 + (index % 7)));
    return {
      task_id: `codex-implement-work_${index % 40}-v${1 + Math.floor(index / 40)}`,
      topic: `implement-work_${index % 40}-v${1 + Math.floor(index / 40)}`,
      title: `Improve part ${index} of the program`,
      repository: `/code/${["web-shop", "billing", "search", "mobile-app", "infra"][index % 5]}`,
      model: ["gpt-5", "gpt-5-codex", "gpt-5-mini"][index % 3] ?? "gpt-5",
      status: outcomes[(index * 7) % outcomes.length] ?? "completed",
      queuedAt,
      startedAt,
      endedAt: Math.max(startedAt, endedAt),
      usage: {
        input_tokens: 20_000 + ((index * 7919) % 90_000),
        cached_input_tokens: 10_000 + ((index * 104_729) % 10_000),
        output_tokens: 1000 + ((index * 1299) % 9000),
      },
      ...(index % 6 === 0 && { messages: [{ at: startedAt + (endedAt - startedAt) / 2, text: `Message ${index}` }] }),
    };
  });
}
