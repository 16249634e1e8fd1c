import { afterEach } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LogWriter } from "#codex/engines/log-writer.ts";
import { TurnDriver } from "#codex/engines/turns/turn-driver.ts";
import type { FollowUps } from "#domain/follow-up.ts";
import type { TaskMessage } from "#domain/message.ts";
import { Inbox, listMessages, postMessage, readDelivery } from "#store/tasks/inbox.ts";
import { RunMessages } from "#tasks/supervise/turns/run-messages.ts";

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

/** Request that the driver sends. */
export interface Request {
  id?: number;
  method: string;
  params: Record<string, unknown>;
}
/** Sends a notification to the driver, or closes the connection. */
export type Send = (message: object | "close") => void;

/** Runs a driver against an app-server that is scripted: `answer` may send notifications before its result. */
export function drive(
  answer: (request: Request, send: Send) => object,
  messages: readonly TaskMessage[],
  log = "",
  areGiven = false,
  isJoined = false,
  threadId?: string,
  followUps?: FollowUps,
) {
  const folder = mkdtempSync(join(tmpdir(), "driver-"));
  const requests: Request[] = [];
  const server = Bun.serve({
    unix: join(folder, "s"),
    fetch: (request, own) => (own.upgrade(request) ? undefined : new Response()),
    websocket: {
      message: (socket, data) => {
        const request = JSON.parse(String(data)) as Request;
        if (request.id === undefined) return;
        requests.push(request);
        const send: Send = (message) => {
          if (message === "close") socket.close();
          else socket.send(JSON.stringify(message));
        };
        send({ id: request.id, ...answer(request, send) });
      },
    },
  });
  const logFile = join(folder, "log");
  writeFileSync(logFile, log);
  const writer = new LogWriter(logFile);
  const paths = { inbox: join(folder, "inbox") };
  const names = messages.map((message) => postMessage(paths, message, false));
  if (areGiven) {
    const before = new Inbox(paths);
    for (const message of before.take()) before.recordGiven(message);
  }
  const source = new RunMessages(new Inbox(paths));
  const turn = {
    prompt: "P",
    images: [],
    outputSchema: { type: "object" },
    sandboxPolicy: { type: "dangerFullAccess" as const },
    folder,
    threadId,
    runId: "run",
    messages: source,
    followUps: followUps ?? source,
    isJoined: () => isJoined,
    run: 1,
    questions: undefined,
  };
  const driver = new TurnDriver(turn, writer, log === "" ? undefined : writer.read());
  cleanUps.push(() => {
    void server.stop(true);
    rmSync(folder, { recursive: true, force: true });
  });
  const exited = Promise.withResolvers<never>().promise;
  return {
    end: driver.run({ socket: join(folder, "s") }, exited),
    requests,
    /** Sends the run a message. */
    post: (message: TaskMessage) => postMessage(paths, message, false),
    readLog: () => readFileSync(logFile, "utf8"),
    /** Returns what the senders are told. */
    deliveries: () => names.map((name) => readDelivery(paths, name)),
    fates: () => listMessages(paths, "It ended.").map(({ state }) => state),
  };
}

/** Returns the notification that a turn was completed. */
export const completed = (id: string) => ({ method: "turn/completed", params: { turn: { id, status: "completed" } } });

/** Answers as the app-server does; one turn ends at once. */
export function answerOf({ method }: Request, send: Send, starts: { count: number }, ending = ["2"]): object {
  if (method === "thread/start" || method === "thread/resume") return { result: { thread: { id: "t" } } };
  if (method !== "turn/start") return { result: {} };
  const id = String(++starts.count);
  if (ending.includes(id)) setTimeout(() => send(completed(id)), 20);
  return { result: { turn: { id } } };
}
