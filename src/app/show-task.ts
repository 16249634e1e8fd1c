import { statSync } from "node:fs";
import { describeEvent, type EventLine } from "#codex/describe.ts";
import { type CodexEvent, parseEvent } from "#codex/event.ts";
import { isReconnectMessage } from "#codex/run-state.ts";
import { secondsBetween } from "#lib/clock.ts";
import { type LineSlice, readLastLines, readLinesFrom } from "#lib/json-lines.ts";
import { queuePosition } from "#store/list-tasks.ts";
import { isEnded, type TaskRecord } from "#task/record.ts";
import { outcomeFields, type OutcomeFields, type WorktreeFields, worktreeFields } from "./answer.ts";
import type { AppContext } from "./context.ts";
import { getTask } from "./find-task.ts";
import { reconcile } from "./reconcile.ts";

/** What `codex_status` tells of one task. */
export interface TaskDetail extends WorktreeFields, OutcomeFields {
  task_id: string;
  mode: TaskRecord["mode"];
  status: TaskRecord["status"];
  topic: string;
  elapsed_seconds: number;
  cwd: string;
  sandbox: TaskRecord["sandbox"];
  log_file: string;
  /** From 1; only of a queued task. */
  queue_position?: number;
  recent_events?: EventLine[];
  /** Where the next call goes on, as `since_event`. */
  next_event?: number;
  log_tail?: string;
  last_event_at?: string;
  stalled?: string;
}

const LOG_BYTES = 64 * 1024;
const MAX_EVENTS = 20;
const MAX_TAIL = 2000;
const STALL_SECONDS = 60;

/**
 * What is to be told of one task. Of a running one, only the end of its log is read, however long it is.
 * @param sinceEvent position in the log, as an earlier answer's `next_event` gave it
 * @throws AppError `unknown_task`
 */
export async function showTask(context: AppContext, taskId: string, sinceEvent?: number): Promise<TaskDetail> {
  const task = await reconcile(context, getTask(context, taskId));
  const detail: TaskDetail = {
    task_id: task.task_id,
    mode: task.mode,
    status: task.status,
    topic: task.topic,
    elapsed_seconds: secondsBetween(task.start_time, isEnded(task) ? task.end_time : undefined),
    cwd: task.cwd,
    sandbox: task.sandbox,
    log_file: task.log_file,
    ...worktreeFields(task),
  };
  if (task.status === "queued") return { ...detail, queue_position: queuePosition(context.store, task) };
  if (!isEnded(task)) return { ...detail, ...describeProgress(task.log_file, sinceEvent) };
  const events = sinceEvent === undefined ? {} : readEvents(task.log_file, sinceEvent);
  return { ...detail, ...outcomeFields(task), ...events };
}

function describeProgress(logFile: string, sinceEvent: number | undefined): Partial<TaskDetail> {
  const last = readLastLines(logFile, LOG_BYTES);
  const written = statSync(logFile, { throwIfNoEntry: false });
  const lastEventAt = written === undefined || written.size === 0 ? undefined : written.mtime.toISOString();
  const stalled = describeStall(last.lines, lastEventAt);
  return {
    ...(sinceEvent === undefined ? describeNewest(last) : readEvents(logFile, sinceEvent)),
    log_tail: last.lines.slice(-10).join("\n").slice(-MAX_TAIL),
    ...(lastEventAt !== undefined && { last_event_at: lastEventAt }),
    ...(stalled !== undefined && { stalled }),
  };
}

type EventPage = Required<Pick<TaskDetail, "recent_events" | "next_event">>;

/** Asked for the present, a reader gets the newest events. */
function describeNewest({ lines, nextOffset }: LineSlice): EventPage {
  // Few lines say nothing, so a few more than wanted are looked at.
  const events = describeLines(lines.slice(-2 * MAX_EVENTS));
  return { recent_events: events.slice(-MAX_EVENTS), next_event: nextOffset };
}

/** Asked for a part, it gets that part whole. */
function readEvents(logFile: string, since: number): EventPage {
  const { lines, nextOffset } = readLinesFrom(logFile, since, LOG_BYTES);
  return { recent_events: describeLines(lines), next_event: nextOffset };
}

function describeLines(lines: string[]): EventLine[] {
  return lines.map(parseEvent).flatMap((event) => describeIfAny(event));
}

function describeIfAny(event: CodexEvent | undefined): EventLine[] {
  const described = event === undefined ? undefined : describeEvent(event);
  return described === undefined ? [] : [described];
}

function describeStall(lines: string[], lastEventAt: string | undefined): string | undefined {
  const last = parseEvent(lines.at(-1) ?? "");
  if (last?.type === "error" && isReconnectMessage(last.message)) return "waiting for network";
  const silent = lastEventAt === undefined ? 0 : secondsBetween(lastEventAt);
  return silent < STALL_SECONDS ? undefined : `no event for ${Math.round(silent)} s`;
}
