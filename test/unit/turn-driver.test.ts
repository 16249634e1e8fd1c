import { expect, test } from "bun:test";
import { answerOf, completed, drive, type Request, type Send } from "../support/drive-turns.ts";

for (const when of ["now", "instead"] as const) {
  test(`a message (${when}) that meets the end of the turn gets a turn of its own, with the output schema`, async () => {
    const starts = { count: 0 };
    const { end, requests } = drive(
      (request, send) => {
        const isLate = request.method === "turn/steer" || request.method === "turn/interrupt";
        if (!isLate) return answerOf(request, send, starts);
        send(completed("1"));
        return { error: { code: -32_600, message: "no active turn" } };
      },
      [{ id: "m", text: "M", when }],
    );
    expect(await end).toBe("completed");
    const turns = requests.filter(({ method }) => method === "turn/start");
    expect(turns.map(({ params }) => params["clientUserMessageId"])).toEqual(["run", "m"]);
    expect(turns[1]?.params["outputSchema"]).toEqual({ type: "object" });
  });
}

test("a message that an earlier supervisor had taken is delivered, although the turn has ended meanwhile", async () => {
  const starts = { count: 1 };
  const { end, requests } = drive(
    (request, send) => {
      if (request.method === "thread/turns/list") return { result: { data: [{ id: "1", status: "completed" }] } };
      if (request.method === "thread/items/list") return { result: { data: [] } };
      return answerOf(request, send, starts);
    },
    [{ id: "m", text: "M", when: "after" }],
    '{"type":"thread.started","thread_id":"t"}\n{"type":"turn.started","turn_id":"1"}\n',
  );
  expect(await end).toBe("completed");
  expect(requests.filter(({ method }) => method === "turn/start")).toHaveLength(1);
});

test("a turn whose end is both told and found in the list, or told twice, ends once", async () => {
  const starts = { count: 1 };
  const { end, requests, readLog } = drive(
    (request, send) => {
      if (request.method === "thread/turns/list") {
        send(completed("1"));
        return { result: { data: [{ id: "1", status: "completed" }] } };
      }
      if (request.method === "thread/items/list") return { result: { data: [] } };
      if (request.method === "turn/start") setTimeout(() => [1, 2].forEach(() => send(completed("2"))), 20);
      return answerOf(request, send, starts, []);
    },
    [{ id: "m", text: "M", when: "after" }],
    '{"type":"thread.started","thread_id":"t"}\n{"type":"turn.started","turn_id":"1"}\n',
  );
  expect(await end).toBe("completed");
  expect(startedWith(requests)).toEqual(["m"]);
  expect(readLog().match(/turn\.completed/g)).toHaveLength(2);
});

test("a question that Codex does not ask again after the death of a supervisor is not open in the log any more", async () => {
  const question = { id: "q1-0", kind: "command", text: "T", decisions: ["accept"] };
  const { end, readLog } = drive(
    (request, send) => {
      if (request.method === "thread/turns/list") return { result: { data: [{ id: "1", status: "inProgress" }] } };
      if (request.method !== "thread/items/list") return answerOf(request, send, { count: 1 });
      setTimeout(() => send(completed("1")), 50);
      return { result: { data: [] } };
    },
    [],
    `{"type":"thread.started","thread_id":"t"}\n{"type":"turn.started","turn_id":"1"}\n${JSON.stringify({ type: "question", question })}\n`,
  );
  expect(await end).toBe("completed");
  expect(readLog()).toMatch(/"answer","id":"q1-0".+"withdrawn"/);
});

test("a message whose turn an earlier supervisor had started is not delivered again", async () => {
  const { end, requests, readLog } = drive(
    ({ method, params, ...request }, send) => {
      const turns = [
        { id: "2", status: "completed" },
        { id: "1", status: "completed" },
      ];
      const item = { type: "userMessage", id: "i", clientId: "m", content: [] };
      if (method === "thread/turns/list") return { result: { data: turns } };
      if (method === "thread/items/list") return { result: { data: params["turnId"] === "2" ? [{ item }] : [] } };
      return answerOf({ method, params, ...request }, send, { count: 2 });
    },
    [{ id: "m", text: "M", when: "after" }],
    '{"type":"thread.started","thread_id":"t"}\n{"type":"turn.started","turn_id":"1"}\n',
  );
  expect(await end).toBe("completed");
  expect(requests.filter(({ method }) => method === "turn/start")).toEqual([]);
  expect(readLog()).toContain('"turn_id":"2"');
});

test("an app-server that closes the connection and stays ends the run with a plain error", async () => {
  const { end, readLog } = drive((request, send) => {
    if (request.method === "turn/start") setTimeout(() => send("close"), 20);
    return answerOf(request, send, { count: 0 });
  }, []);
  expect(await end).toBe("failed");
  expect(readLog()).toContain("closed the connection");
});

test("a further turn that has ended before the answer to its start is handled ends the run", async () => {
  const starts = { count: 0 };
  const answer = (request: Request, send: Send): object => {
    const result = answerOf(request, send, starts, ["1"]);
    if (request.method === "turn/start" && starts.count === 2) send(completed("2"));
    return result;
  };
  const { end, requests } = drive(answer, [{ id: "m", text: "M", when: "after" }]);
  expect(await end).toBe("completed");
  expect(startedWith(requests)).toEqual(["run", "m"]);
});

test("an end of a turn in an unknown form ends the run with a plain error", async () => {
  const { end, readLog } = drive((request, send) => {
    if (request.method === "turn/start") setTimeout(() => send({ method: "turn/completed", params: {} }), 20);
    return answerOf(request, send, { count: 0 });
  }, []);
  expect(await end).toBe("failed");
  expect(readLog()).toContain("in a form that this server does not know");
});

/** An app-server whose turns end when they are interrupted, and which reads each message that starts a turn. */
function interruptible(ending: string[]) {
  const starts = { count: 0 };
  return (request: Request, send: Send): object => {
    const { method, params } = request;
    if (method === "turn/interrupt") send({ ...ended(String(params["turnId"]), "interrupted") });
    if (method === "turn/start") setTimeout(() => send(read(String(params["clientUserMessageId"]))), 5);
    return answerOf(request, send, starts, ending);
  };
}

const ended = (id: string, status: string) => ({ method: "turn/completed", params: { turn: { id, status } } });
const read = (clientId: string) => ({
  method: "item/completed",
  params: { item: { type: "userMessage", id: `item-${clientId}`, clientId, content: [] } },
});
const startedWith = (requests: readonly Request[]) =>
  requests.filter(({ method }) => method === "turn/start").map(({ params }) => params["clientUserMessageId"]);

test("of two messages that replace a turn, the one sent first comes first, and the other replaces its turn", async () => {
  const messages = ["m1", "m2"].map((id) => ({ id, text: id, when: "instead" as const }));
  const { end, requests, fates } = drive(interruptible(["3"]), messages);
  expect(await end).toBe("completed");
  expect(startedWith(requests)).toEqual(["run", "m1", "m2"]);
  expect(requests.filter(({ method }) => method === "turn/interrupt")).toHaveLength(2);
  expect(fates()).toEqual(["delivered", "delivered"]);
});

test("a message that Codex forgets because its turn is interrupted gets a turn of its own", async () => {
  const messages = [
    { id: "steered", text: "S", when: "now" as const },
    { id: "replacing", text: "R", when: "instead" as const },
  ];
  const { end, requests, fates } = drive(interruptible(["2", "3"]), messages);
  expect(await end).toBe("completed");
  expect(startedWith(requests)).toEqual(["run", "replacing", "steered"]);
  expect(fates()).toEqual(["delivered", "delivered"]);
});

for (const isRead of [true, false]) {
  test(`a message that a killed supervisor may have steered is not steered again; ${isRead ? "Codex reads it" : "Codex does not have it, and it gets a turn"}`, async () => {
    const { end, requests, fates } = drive(
      (request, send) => {
        if (request.method === "thread/turns/list") return { result: { data: [{ id: "1", status: "inProgress" }] } };
        if (request.method === "thread/items/list") {
          if (isRead) setTimeout(() => send(read("m")), 20);
          setTimeout(() => send(completed("1")), 40);
          return { result: { data: [] } };
        }
        return answerOf(request, send, { count: 1 });
      },
      [{ id: "m", text: "M", when: "now" }],
      '{"type":"thread.started","thread_id":"t"}\n{"type":"turn.started","turn_id":"1"}\n',
      true,
    );
    expect(await end).toBe("completed");
    expect(requests.filter(({ method }) => method === "turn/steer")).toEqual([]);
    expect(startedWith(requests)).toEqual(isRead ? [] : ["m"]);
    expect(fates()).toEqual(["delivered"]);
  });
}

test("the sender of a message that a killed supervisor had steered, without a receipt, learns of it", async () => {
  const { end, deliveries } = drive(
    (request, send) => {
      if (request.method === "thread/turns/list") return { result: { data: [{ id: "1", status: "completed" }] } };
      const { params } = read("m");
      if (request.method === "thread/items/list") return { result: { data: [params] } };
      return answerOf(request, send, { count: 1 });
    },
    [{ id: "m", text: "M", when: "now" }],
    '{"type":"thread.started","thread_id":"t"}\n{"type":"turn.started","turn_id":"1"}\n',
    true,
  );
  expect(await end).toBe("completed");
  expect(deliveries()).toEqual(["steered"]);
});

test("after a failed turn, a message for its end is not delivered, and its record says why", async () => {
  const { end, requests, fates } = drive(
    (request, send) => {
      if (request.method === "turn/start") setTimeout(() => send(ended("1", "failed")), 30);
      return answerOf(request, send, { count: 0 });
    },
    [{ id: "m", text: "M", when: "after" }],
  );
  expect(await end).toBe("failed");
  expect(startedWith(requests)).toEqual(["run"]);
  expect(fates()).toEqual(["undelivered"]);
});

test("a session that the process of its last run still has is resumed when that has ended", async () => {
  let refusals = 3;
  const { end, requests } = drive(
    (request, send) => {
      if (request.method === "config/read") return { result: { config: {} } };
      if (request.method === "thread/resume" && refusals-- > 0) {
        return { error: { code: -32_600, message: "thread/resume failed: thread t already has an active writer" } };
      }
      return answerOf(request, send, { count: 1 });
    },
    [],
    "",
    false,
    false,
    { threadId: "t" },
  );
  expect(await end).toBe("completed");
  expect(requests.filter(({ method }) => method === "thread/resume")).toHaveLength(4);
});
