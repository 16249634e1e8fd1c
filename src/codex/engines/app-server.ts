import { closeSync, existsSync, openSync, readlinkSync, rmSync } from "node:fs";
import { basename, dirname } from "node:path";
import * as v from "valibot";
import { startContained } from "#platform/start/start-detached.ts";
import { identifyProcess, isProcessAlive, type ProcessIdentity, signalProcess } from "#platform/process/identity.ts";
import type { CodexProcess, CodexStart, ProcessEnd } from "#codex/process.ts";
import { AppServerConnection, AppServerError, readField } from "./connection.ts";
import { type LoggedRun, LogWriter } from "./log-writer.ts";
import { parseItem, Translator } from "./translate.ts";

/** Access of a turn, as the app-server takes it. */
type SandboxPolicy =
  | { type: "dangerFullAccess" }
  | { type: "readOnly"; networkAccess: boolean }
  | { type: "workspaceWrite"; writableRoots: string[]; networkAccess: boolean };

/** Turn of a run. */
export interface TurnRequest {
  prompt: string;
  images: readonly string[];
  outputSchema: object | undefined;
  sandboxPolicy: SandboxPolicy;
  folder: string;
  /** Thread to resume; undefined for a new one. */
  threadId: string | undefined;
  /** Name of the run, by which its turn is recognised after this process has died. */
  runId: string;
}

/** Files of a run that the app-server engine uses. */
export interface AppServerFiles {
  /** Socket of the app-server. */
  socket: string;
  log: string;
}

/** Time in which the app-server must open its socket, in milliseconds. */
const SOCKET_TIMEOUT_MS = 20_000;
/** Time after which an app-server that was asked to end is left to the end of the run's processes, in milliseconds. */
const END_TIMEOUT_MS = 2000;
/** Interval for polling a process that is not our child, in milliseconds. */
const POLL_INTERVAL_MS = 50;

/** Starts an app-server for one run and its turn. It outlives this process; {@link adoptAppServer} then takes it over. */
export function startAppServer(start: CodexStart, files: AppServerFiles, turn: TurnRequest): CodexProcess {
  const stderr = openSync(start.stderrFile, "a", 0o600);
  try {
    const { program, args, folder, environment, cgroup, lockFile } = start;
    const child = startContained({
      command: [program, ...args, "app-server", "--listen", `unix://${files.socket}`],
      folder,
      environment,
      stdio: ["ignore", stderr, stderr],
      cgroup,
      lockFile,
    });
    const identity = identifyProcess(child.pid) ?? { pid: child.pid, start: "ended" };
    const exited = child.exited.then(() => ({
      exitCode: child.signalCode === null ? (child.exitCode ?? undefined) : undefined,
      signal: child.signalCode === null ? undefined : String(child.signalCode),
    }));
    return { identity, ended: runTurn(identity, exited, files, turn, false) };
  } finally {
    closeSync(stderr);
  }
}

/** Takes over an app-server that another supervisor started, and completes the run's log from what the thread has. */
export function adoptAppServer(identity: ProcessIdentity, files: AppServerFiles, turn: TurnRequest): CodexProcess {
  const watch = async (): Promise<ProcessEnd> => {
    while (isProcessAlive(identity)) await Bun.sleep(POLL_INTERVAL_MS);
    return { exitCode: undefined, signal: undefined };
  };
  return { identity, ended: runTurn(identity, watch(), files, turn, true) };
}

/** Removes the socket of an app-server that was killed: it also leaves a file in the temporary folder. */
export function removeSocket(socket: string): void {
  const target = linkTarget(socket);
  if (target !== undefined && /^codex-daemon-\d+$/.test(basename(dirname(target)))) {
    for (const path of [target, `${target}.lock`]) rmSync(path, { force: true });
  }
  rmSync(socket, { force: true });
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

async function runTurn(
  identity: ProcessIdentity,
  exited: Promise<ProcessEnd>,
  files: AppServerFiles,
  turn: TurnRequest,
  isAdopted: boolean,
): Promise<ProcessEnd> {
  const log = new LogWriter(files.log);
  const died = exited.then((end) => ({ end }));
  const outcome = await Promise.race([driveTurn(exited, files, turn, isAdopted ? log.read() : undefined, log), died]);
  if (typeof outcome === "object") {
    removeSocket(files.socket);
    return outcome.end;
  }
  // Idle, it ends at once.
  signalProcess(identity, "SIGTERM");
  const end = await Promise.race([exited, Bun.sleep(END_TIMEOUT_MS)]);
  if (end !== undefined) removeSocket(files.socket);
  return { exitCode: outcome === "completed" ? 0 : 1, signal: undefined };
}

const TurnSchema = v.looseObject({ turn: v.looseObject({ id: v.string() }) });
const ThreadSchema = v.looseObject({ thread: v.looseObject({ id: v.string() }) });
const EndSchema = v.looseObject({ turn: v.looseObject({ id: v.string(), status: v.string() }) });

/** Runs the turn, or the rest of it. @returns how it ended */
async function driveTurn(
  exited: Promise<ProcessEnd>,
  files: AppServerFiles,
  turn: TurnRequest,
  logged: LoggedRun | undefined,
  log: LogWriter,
): Promise<"completed" | "failed"> {
  const { promise: ended, resolve: end } = Promise.withResolvers<"completed" | "failed">();
  const translator = new Translator(turn.runId, logged?.completed);
  const held: [method: string, params: unknown][] = [];
  let isLive = false;
  const report = (method: string, params: unknown) => {
    if (method !== "turn/started") log.write(translator.translate(method, params));
    if (method !== "turn/completed") return;
    const { turn: last } = readField(EndSchema, params, method);
    end(last.status === "completed" ? "completed" : "failed");
  };
  const connection = await connect(files.socket, exited, (method, params) => {
    if (isLive) report(method, params);
    else held.push([method, params]);
  });
  try {
    const threadId = await openThread(connection, turn, logged, log);
    const known = logged === undefined ? undefined : await findTurn(connection, threadId, turn, logged);
    if (known === undefined) {
      const started = await connection.request("turn/start", turnParams(threadId, turn));
      const { turn: own } = readField(TurnSchema, started, "turn/start");
      log.write([{ type: "turn.started", turn_id: own.id }]);
    } else {
      if (logged?.turnId === undefined) log.write([{ type: "turn.started", turn_id: known.id }]);
      for (const item of await listItems(connection, threadId, known.id)) log.write(translator.complete(item));
    }
    isLive = true;
    for (const [method, params] of held) report(method, params);
    if (known !== undefined && known.status !== "inProgress") report("turn/completed", { turn: known });
    return await Promise.race([ended, connection.closed.then(() => exited).then(() => "failed" as const)]);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    log.write([
      { type: "error", message },
      { type: "turn.failed", error: { message } },
    ]);
    return "failed";
  } finally {
    connection.close();
  }
}

async function connect(
  socket: string,
  exited: Promise<ProcessEnd>,
  notified: (method: string, params: unknown) => void,
): Promise<AppServerConnection> {
  let hasExited = false;
  void exited.then(() => (hasExited = true));
  const deadline = performance.now() + SOCKET_TIMEOUT_MS;
  for (;;) {
    try {
      if (existsSync(socket)) return await AppServerConnection.open(socket, { notified, asked: refuse });
    } catch (error) {
      if (hasExited || performance.now() > deadline) throw error;
    }
    const isOver = hasExited || performance.now() > deadline;
    if (isOver) throw new AppServerError("Codex's app-server did not open its socket.");
    await Bun.sleep(5);
  }
}

async function refuse(method: string): Promise<never> {
  throw new AppServerError(`${method} is not supported: this task does not ask.`);
}

/** Opens the thread, and writes its id to the log. */
async function openThread(
  connection: AppServerConnection,
  turn: TurnRequest,
  logged: LoggedRun | undefined,
  log: LogWriter,
): Promise<string> {
  // A writable sandbox would make the folder a trusted project in the user's configuration: the turn sets its own.
  const settings = { cwd: turn.folder, sandbox: "read-only", approvalPolicy: "never" };
  const resumed = logged?.threadId ?? turn.threadId;
  const answer =
    resumed === undefined
      ? await connection.request("thread/start", settings)
      : await resumeThread(connection, { threadId: resumed, ...settings }, logged !== undefined);
  const { thread } = readField(ThreadSchema, answer, "thread/start");
  if (logged?.threadId === undefined) log.write([{ type: "thread.started", thread_id: thread.id }]);
  return thread.id;
}

/** Resumes a thread. One that is running in this app-server may have no record yet. */
async function resumeThread(connection: AppServerConnection, params: object, isRunning: boolean): Promise<unknown> {
  const request = () => connection.request("thread/resume", params);
  return isRunning ? retryWhileEmpty(request) : request();
}

function turnParams(threadId: string, turn: TurnRequest): object {
  return {
    threadId,
    input: [
      { type: "text", text: turn.prompt, text_elements: [] },
      ...turn.images.map((path) => ({ type: "localImage", path })),
    ],
    sandboxPolicy: turn.sandboxPolicy,
    clientUserMessageId: turn.runId,
    ...(turn.outputSchema !== undefined && { outputSchema: turn.outputSchema }),
  };
}

const TurnsSchema = v.looseObject({
  data: v.array(v.looseObject({ id: v.string(), status: v.string(), items: v.nullish(v.array(v.unknown()), []) })),
});

type KnownTurn = v.InferOutput<typeof TurnsSchema>["data"][number];

/** Returns the turn of this run, if it was started before this process took the run over. */
async function findTurn(
  connection: AppServerConnection,
  threadId: string,
  turn: TurnRequest,
  logged: LoggedRun,
): Promise<KnownTurn | undefined> {
  const answer = await retryWhileEmpty(() => connection.request("thread/turns/list", { threadId, limit: 5 })).catch(
    (error: unknown) => {
      // The earlier supervisor died before it started the turn.
      if (isNotMaterialized(error)) return { data: [] };
      throw error;
    },
  );
  const { data } = readField(TurnsSchema, answer, "thread/turns/list");
  if (logged.turnId !== undefined) return data.find(({ id }) => id === logged.turnId);
  return data.find(({ items }) => items.some((item) => isOf(item, turn.runId)));
}

function isOf(item: unknown, runId: string): boolean {
  return parseItem(item)?.["clientId"] === runId;
}

const ItemsSchema = v.looseObject({
  data: v.array(v.looseObject({ item: v.unknown() })),
  nextCursor: v.nullish(v.string()),
});

async function listItems(connection: AppServerConnection, threadId: string, turnId: string) {
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

/** Repeats a request that fails right after a turn began, because nothing of it is recorded yet. */
async function retryWhileEmpty(request: () => Promise<unknown>): Promise<unknown> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await request();
    } catch (error) {
      const isEmpty = error instanceof AppServerError && /is empty|not found|no rollout/i.test(error.message);
      if ((!isEmpty && !isNotMaterialized(error)) || attempt === 40) throw error;
      await Bun.sleep(25);
    }
  }
}
