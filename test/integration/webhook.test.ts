// Delivery of messages to real receivers on loopback, with shorter delays.
import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { createServer, type Socket } from "node:net";
import type { NoticeState } from "#domain/end-notice.ts";
import type { CompletedTask } from "#domain/record.ts";
import { deliverWebhook } from "#tasks/notices/deliver-webhook.ts";
import { buildMessage, headersOf } from "#tasks/notices/webhook-message.ts";
import { serveOnLoopback } from "../support/loopback.ts";

const TASK: CompletedTask = {
  task_id: "codex-review-one-v1",
  run: 2,
  status: "completed",
  topic: "review-one-v1",
  mode: "dispatch",
  sandbox: "read-only",
  cwd: "/w",
  workspace: "/w",
  run_dir: "/w",
  prompt_file: "/p",
  log_file: "/l",
  start_time: "2026-11-27T08:00:00.000Z",
  end_time: "2026-11-27T08:01:00.000Z",
  result: "Done.",
  timeout_seconds: 0,
  idle_timeout_seconds: 0,
};

const LIMITS = { delaysMs: Array.from({ length: 7 }, () => 5), attemptMs: 300 };

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});
afterAll(() => {
  expect(stops).toEqual([]);
});

interface Got {
  headers: Headers;
  body: string;
}

/** A receiver with an answer for each attempt; the last one answers all further ones. */
function receiver(...answers: ((at: number) => Response | Promise<Response>)[]): { url: string; requests: Got[] } {
  const requests: Got[] = [];
  const server = serveOnLoopback(async (request) => {
    requests.push({ headers: request.headers, body: await request.text() });
    const answer = answers[Math.min(requests.length, answers.length) - 1];
    return answer === undefined ? new Response() : answer(requests.length);
  });
  stops.push(() => server.stop(true));
  return { url: `http://127.0.0.1:${server.port}/hook`, requests };
}

/** A receiver that treats connections badly. */
async function listener(onConnection: (socket: Socket, count: number) => void): Promise<string> {
  let count = 0;
  const server = createServer((socket) => {
    socket.on("error", () => {});
    onConnection(socket, ++count);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stops.push(() => server.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/hook`;
}

async function deliver(
  url: string,
  secret?: string,
  before: NoticeState = { state: "pending" },
): Promise<NoticeState[]> {
  const states: NoticeState[] = [];
  await deliverWebhook({ url, secret }, buildMessage(TASK), before, (state) => states.push(state), LIMITS);
  return states;
}

const status =
  (code: number, headers: Record<string, string> = {}) =>
  () =>
    new Response("", { status: code, headers });

describe("a message", () => {
  test("is accepted at once, signed over id, time and body", async () => {
    const { url, requests } = receiver(status(204));
    expect((await deliver(url, "plain secret")).at(-1)).toEqual({ state: "done", attempts: 1 });
    const [request] = requests;
    const [id, time] = ["webhook-id", "webhook-timestamp"].map((name) => request?.headers.get(name) ?? "");
    const body = request?.body ?? "";
    const expected = createHmac("sha256", "plain secret").update(`${id}.${time}.${body}`).digest("base64");
    expect(request?.headers.get("webhook-signature")).toBe(`v1,${expected}`);
    expect(Math.abs(Number(time) - Date.now() / 1000)).toBeLessThan(60);
    expect(JSON.parse(body)).toEqual({ type: "task.completed", timestamp: TASK.end_time, data: TASK });
  });

  test("is signed as the vector of Standard Webhooks says, with a whsec_ secret", () => {
    const message = { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", body: '{"test": 2432232314}' };
    const headers = headersOf(message, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", new Date(1_614_265_330_000));
    expect(headers["webhook-signature"]).toBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    expect(headersOf(message, undefined, new Date())["webhook-signature"]).toBeUndefined();
  });

  test("has the same id at each attempt, and another for another run", async () => {
    const { url, requests } = receiver(status(500), status(503), status(200));
    expect((await deliver(url)).at(-1)).toEqual({ state: "done", attempts: 3 });
    expect(new Set(requests.map(({ headers }) => headers.get("webhook-id"))).size).toBe(1);
    expect(buildMessage({ ...TASK, run: 3 }).id).not.toBe(buildMessage(TASK).id);
  });

  test("is at most 64 KiB, whatever the record has, and says what was shortened", () => {
    const long = '\u0001é"'.repeat(100_000);
    const result = JSON.parse(buildMessage({ ...TASK, result: long }).body) as { data: Record<string, unknown> };
    expect(result.data["shortened"]).toEqual(["result"]);
    expect(String(result.data["result"]).length).toBeGreaterThan(10_000);
    const files = Array.from({ length: 200 }, (_, index) => `${index}/${"d/".repeat(2000)}`);
    for (const task of [
      { ...TASK, result: long, files_changed: files, uncommitted_changes: files },
      { ...TASK, status: "failed" as const, error: long, code: "codex_failed" as const, hint: long, cwd: long },
    ]) {
      const { body } = buildMessage(task);
      expect(Buffer.byteLength(body)).toBeLessThanOrEqual(64 * 1024);
      expect(JSON.parse(body)).toMatchObject({ data: { task_id: TASK.task_id, run: 2, status: task.status } });
    }
  });
});

describe("a receiver", () => {
  test("that answers 410 is not asked again", async () => {
    const { url, requests } = receiver(status(410));
    const why = "the receiver answered with status 410";
    expect((await deliver(url)).at(-1)).toEqual({ state: "failed", attempts: 1, why });
    expect(requests).toHaveLength(1);
  });

  test("that redirects is not followed, and asked again", async () => {
    const other = receiver(status(200));
    const { url, requests } = receiver(
      status(307, { location: other.url }),
      status(301, { location: other.url }),
      status(201),
    );
    expect((await deliver(url)).at(-1)).toEqual({ state: "done", attempts: 3 });
    expect([requests.length, other.requests.length]).toEqual([3, 0]);
  });

  test("that never accepts is given up after eight attempts, with the last reason", async () => {
    const { url, requests } = receiver(status(500), status(404));
    const states = await deliver(url);
    const why = "the receiver answered with status 404";
    expect(states.at(-1)).toEqual({ state: "failed", attempts: 8, why });
    expect(requests).toHaveLength(8);
    expect(states.slice(0, 3)).toEqual([
      { state: "pending", attempts: 1 },
      { state: "pending", attempts: 1, why: "the receiver answered with status 500" },
      { state: "pending", attempts: 2, why: "the receiver answered with status 500" },
    ]);
  });

  test("that resets, hangs, answers nonsense, or has an endless body is asked again, and no attempt lasts", async () => {
    const url = await listener((socket, count) => {
      if (count === 1) socket.resetAndDestroy();
      if (count === 2) socket.end("nonsense\r\n\r\n");
      if (count === 4) socket.write("HTTP/1.1 500 No\r\nContent-Length: 999999999\r\n\r\n");
      if (count === 5) socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      // The third hangs.
      if (count === 3) stops.push(() => socket.destroy());
    });
    const states = await deliver(url);
    expect(states.at(-1)).toEqual({ state: "done", attempts: 5 });
    expect(states.map(({ why }) => why)).toContain("the receiver did not answer within 0.3 seconds");
  });

  test("that is not there is said so, without the address", async () => {
    const url = "http://127.0.0.1:1/secret-path";
    const { state, why } = (await deliver(url)).at(-1) ?? {};
    expect(state).toBe("failed");
    expect(why).toContain("could not be reached");
    expect(why).not.toContain("secret-path");
  });
});

test("attempts of an earlier process count; after the last one nothing is sent", async () => {
  const { url, requests } = receiver(status(500));
  expect((await deliver(url, undefined, { state: "pending", attempts: 6 })).at(-1)?.attempts).toBe(8);
  expect(requests).toHaveLength(2);
  const last = await deliver(url, undefined, { state: "pending", attempts: 8 });
  expect(last).toEqual([{ state: "failed", attempts: 8, why: "the process that delivered it was killed" }]);
  expect(requests).toHaveLength(2);
});
