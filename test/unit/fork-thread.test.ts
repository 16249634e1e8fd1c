// How the thread of a fork is opened: copied once, and found again by a supervisor that takes over.
import { expect, test } from "bun:test";
import { completed, drive, type Request, type Send } from "../support/drive-turns.ts";

const CONFIG = { result: { config: { model: "m" } } };

/** Answers as an app-server does in which a fork gets the thread `fork`; its turn ends at once. */
function answer({ method }: Request, send: Send): object {
  if (method === "config/read") return CONFIG;
  if (method === "thread/fork" || method === "thread/resume") return { result: { thread: { id: "fork" } } };
  const ofOther = [{ id: "of the other", status: "completed", items: [] }];
  if (method === "thread/turns/list") return { result: { data: ofOther } };
  if (method !== "turn/start") return { result: {} };
  setTimeout(() => send(completed("1")), 20);
  return { result: { turn: { id: "1" } } };
}

const sentTo = (requests: readonly Request[], method: string) => requests.filter((each) => each.method === method);
const STARTED = '{"type":"thread.started","thread_id":"fork"}\n';
const driveFork = (log = "", by = answer) => drive(by, [], log, false, false, { forkOf: "other" });

test("a new run copies the thread, with the settings of its own", async () => {
  const { end, requests, readLog } = driveFork();
  expect(await end).toBe("completed");
  const [fork, ...others] = sentTo(requests, "thread/fork");
  expect(fork?.params).toMatchObject({ threadId: "other", sandbox: "read-only", approvalPolicy: "never", model: "m" });
  expect(others).toEqual([]);
  expect(sentTo(requests, "turn/start").map(({ params }) => params["threadId"])).toEqual(["fork"]);
  expect(readLog()).toStartWith(STARTED);
});

test("a run whose log has the thread resumes it, and its earlier turns are not the run's", async () => {
  const { end, requests, readLog } = driveFork(STARTED);
  expect(await end).toBe("completed");
  expect(sentTo(requests, "thread/fork")).toEqual([]);
  expect(sentTo(requests, "thread/resume").map(({ params }) => params["threadId"])).toEqual(["fork"]);
  expect(sentTo(requests, "turn/start")).toHaveLength(1);
  expect(readLog().split("thread.started")).toHaveLength(2);
});

test("a run whose log has no thread copies it, as its first supervisor may have done", async () => {
  const { end, requests } = driveFork('{"type":"error","message":"nothing yet"}\n');
  expect(await end).toBe("completed");
  expect(sentTo(requests, "thread/fork")).toHaveLength(1);
  expect(sentTo(requests, "thread/start")).toEqual([]);
});

test("a copy that is refused is no run of this engine", async () => {
  const { end, requests } = driveFork("", (request, send) =>
    request.method === "thread/fork"
      ? { error: { message: "no rollout found for thread id other" } }
      : answer(request, send),
  );
  expect(await end).toBe("unusable");
  expect(sentTo(requests, "turn/start")).toEqual([]);
});
