import { existsSync } from "node:fs";
import * as v from "valibot";
import type { ProcessEnd } from "#codex/process.ts";
import { AppServerError } from "#codex/engines/connection/app-server-error.ts";
import { AppServerConnection, type ConnectionHandlers, readField } from "#codex/engines/connection/connection.ts";
import type { Channel } from "#codex/engines/connection/channel.ts";
import type { LoggedRun, LogWriter } from "#codex/engines/log-writer.ts";
import { openPipes } from "#codex/engines/connection/pipes.ts";
import { parseItem } from "#codex/engines/translate.ts";
import type { TurnRequest } from "#codex/engines/turn-request.ts";
import { openSocket, type Wire } from "#codex/engines/connection/wire.ts";

/** Form of a turn that has started or ended. */
export const TurnSchema = v.looseObject({
  turn: v.looseObject({ id: v.string(), status: v.nullish(v.string()) }),
});

const ThreadSchema = v.looseObject({ thread: v.looseObject({ id: v.string() }) });

/** Time in which the app-server must open its socket, in milliseconds. */
const SOCKET_TIMEOUT_MS = 20_000;

/** Connects to an app-server as soon as it can be reached. @throws AppServerError if it does not answer */
export async function connect(
  channel: Channel,
  exited: Promise<ProcessEnd>,
  handlers: ConnectionHandlers,
): Promise<AppServerConnection> {
  if ("pipes" in channel) return AppServerConnection.open(openPipes(channel.pipes, exited), handlers);
  return AppServerConnection.open(await openSocketOf(channel.socket, exited), handlers);
}

async function openSocketOf(socket: string, exited: Promise<ProcessEnd>): Promise<Wire> {
  let hasExited = false;
  void exited.then(() => (hasExited = true));
  const deadline = performance.now() + SOCKET_TIMEOUT_MS;
  for (;;) {
    try {
      if (existsSync(socket)) return await openSocket(socket);
    } catch (error) {
      if (hasExited || performance.now() > deadline) throw error;
    }
    const isOver = hasExited || performance.now() > deadline;
    if (isOver) throw new AppServerError(hasExited ? "It ended by itself." : "It did not open its socket.");
    await Bun.sleep(5);
  }
}

/** Time in which an app-server that has closed the connection must exit, in milliseconds. */
const EXIT_TIMEOUT_MS = 2000;

/**
 * Waits for the loss of the connection.
 * @returns end of an app-server that has died, which reports the reason; undefined if it is alive
 */
export async function waitForLoss(
  connection: AppServerConnection,
  exited: Promise<ProcessEnd>,
): Promise<ProcessEnd | undefined> {
  await connection.closed;
  return (await Promise.race([exited, Bun.sleep(EXIT_TIMEOUT_MS)])) ?? undefined;
}

/** Opens the thread, and writes its id to the log. */
export async function openThread(
  connection: AppServerConnection,
  turn: TurnRequest,
  logged: LoggedRun | undefined,
  log: LogWriter,
): Promise<string> {
  // A writable sandbox would make the folder a trusted project in the user's configuration: the turn sets its own.
  const settings = {
    cwd: turn.folder,
    sandbox: "read-only",
    approvalPolicy: turn.questions === undefined ? "never" : "on-request",
    // People are asked, not a model that the user's configuration may name.
    approvalsReviewer: "user",
    ...(turn.model !== undefined && { model: turn.model }),
    ...(turn.config !== undefined && { config: turn.config }),
  };
  const resumed = logged?.threadId ?? turn.threadId;
  const { forkOf } = turn;
  const copied = { threadId: forkOf, excludeTurns: true };
  const fork = () => connection.request("thread/fork", { ...copied, ...settings, ...turn.resumedModel });
  const start = forkOf === undefined ? () => connection.request("thread/start", settings) : fork;
  const resume = () => connection.request("thread/resume", { threadId: resumed, ...settings, ...turn.resumedModel });
  // A thread that is running in this app-server may have no record yet. One in which the earlier supervisor had not begun a turn never has.
  const isNew = logged?.turnId === undefined && turn.threadId === undefined;
  const take = () => retryWhileEmpty(resume, isNew ? MAX_ATTEMPTS_WITHOUT_TURN : MAX_ATTEMPTS);
  // The app-server of the session's run before may just be ending.
  const resumeIdle = () => retryWhile(isBusy, resume, MAX_ATTEMPTS_WHILE_BUSY);
  const retake = () => take().catch((error: unknown) => (isNew && isEmpty(error) ? start() : Promise.reject(error)));
  const answer = await (resumed === undefined ? start() : logged === undefined ? resumeIdle() : retake());
  const { thread } = readField(ThreadSchema, answer, forkOf === undefined ? "thread/start" : "thread/fork");
  if (logged?.threadId !== thread.id) log.write([{ type: "thread.started", thread_id: thread.id }]);
  return thread.id;
}

const AboutSchema = v.looseObject({ threadId: v.string() });

/** Returns whether a notification is about another thread: a sub-agent has one of its own. */
export function isOfOther(threadId: string, params: unknown): boolean {
  const about = v.safeParse(AboutSchema, params);
  return about.success && about.output.threadId !== threadId;
}

/** Number of turns that are listed at once. */
const TURNS_PER_PAGE = 20;

const TurnsSchema = v.looseObject({
  nextCursor: v.nullish(v.string()),
  data: v.array(v.looseObject({ id: v.string(), status: v.string(), items: v.nullish(v.array(v.unknown()), []) })),
});

type KnownTurn = v.InferOutput<typeof TurnsSchema>["data"][number];

/**
 * Returns the turns of this run that were started before this process took the run over, oldest first: the last that the log has, and
 * those after it.
 */
export async function findTurns(
  connection: AppServerConnection,
  threadId: string,
  turn: TurnRequest,
  logged: LoggedRun,
): Promise<KnownTurn[]> {
  const turns: KnownTurn[] = [];
  for (let cursor: string | null = null; ;) {
    const params: object = { threadId, limit: TURNS_PER_PAGE, ...(cursor !== null && { cursor }) };
    const answer = await retryWhileEmpty(() => connection.request("thread/turns/list", params)).catch(
      (error: unknown) => {
        // The earlier supervisor died before it started the turn.
        if (isNotMaterialized(error)) return { data: [] };
        throw error;
      },
    );
    const { data, nextCursor } = readField(TurnsSchema, answer, "thread/turns/list");
    const first = data.findIndex(({ id, items }) =>
      logged.turnId === undefined ? items.some((item) => isOf(item, turn.runId)) : id === logged.turnId,
    );
    turns.push(...(first < 0 ? data : data.slice(0, first + 1)));
    // They are listed newest first, and no other process writes to the thread.
    if (first >= 0) return turns.toReversed();
    if (nextCursor === null || nextCursor === undefined || data.length === 0) return [];
    cursor = nextCursor;
  }
}

function isOf(item: unknown, runId: string): boolean {
  return parseItem(item)?.["clientId"] === runId;
}

const ItemsSchema = v.looseObject({
  data: v.array(v.looseObject({ item: v.unknown() })),
  nextCursor: v.nullish(v.string()),
});

/** Lists the completed items of a turn. */
export async function listItems(connection: AppServerConnection, threadId: string, turnId: string) {
  const items: NonNullable<ReturnType<typeof parseItem>>[] = [];
  for (let cursor: string | null = null; ;) {
    const params: object = { threadId, turnId, limit: 100, ...(cursor !== null && { cursor }) };
    const answer = await retryWhileEmpty(() => connection.request("thread/items/list", params));
    const { data, nextCursor } = readField(ItemsSchema, answer, "thread/items/list");
    items.push(...data.flatMap(({ item }) => parseItem(item) ?? []));
    if (nextCursor === null || nextCursor === undefined || data.length === 0) return items;
    cursor = nextCursor;
  }
}

/** Returns whether an error says that a thread has had no message yet. */
function isNotMaterialized(error: unknown): boolean {
  return error instanceof AppServerError && /not materialized yet/.test(error.message);
}

/** Returns whether an error says that nothing of a thread is recorded. */
function isEmpty(error: unknown): boolean {
  return error instanceof AppServerError && /is empty|not found|no rollout/i.test(error.message);
}

/** Number of times that a request is repeated. */
const MAX_ATTEMPTS = 40;
/** Number of times for a thread that may have no turn: one that begins just now must not be missed, or it would be started again. */
const MAX_ATTEMPTS_WITHOUT_TURN = 120;

/** Number of times for a thread that another process has: longer than an app-server that was asked to end is waited for. */
const MAX_ATTEMPTS_WHILE_BUSY = 120;

/** Returns whether an error says that another process has a thread. */
function isBusy(error: unknown): boolean {
  return error instanceof AppServerError && /already has an active writer/i.test(error.message);
}

/** Repeats a request that fails right after a turn began, because nothing of it is recorded yet. */
function retryWhileEmpty(request: () => Promise<unknown>, maxAttempts = MAX_ATTEMPTS): Promise<unknown> {
  return retryWhile((error) => isEmpty(error) || isNotMaterialized(error), request, maxAttempts);
}

/** Repeats a request as long as it fails for a reason that passes. */
async function retryWhile(
  isPassing: (error: unknown) => boolean,
  request: () => Promise<unknown>,
  maxAttempts: number,
): Promise<unknown> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await request();
    } catch (error) {
      if (!isPassing(error) || attempt === maxAttempts) throw error;
      await Bun.sleep(25);
    }
  }
}
