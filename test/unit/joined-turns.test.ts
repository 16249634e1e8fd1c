import { describe, expect, test } from "bun:test";
import { answerOf, completed, drive } from "../support/drive-turns.ts";

describe("people who have joined the task", () => {
  const ended = (id: string, status: string) => ({ method: "turn/completed", params: { turn: { id, status } } });
  const started = (id: string) => ({ method: "turn/started", params: { threadId: "t", turn: { id } } });
  const said = (text: string) => ({
    method: "item/completed",
    params: { threadId: "t", item: { type: "agentMessage", id: text, text } },
  });

  test("a turn that a person interrupts is followed by the one that the person starts", async () => {
    const { end, readLog } = drive((request, send) => {
      if (request.method === "turn/start") {
        setTimeout(() => {
          const messages = [ended("1", "interrupted"), started("own"), said("Hello."), completed("own")];
          for (const message of messages) send(message);
        }, 20);
      }
      return answerOf(request, send, { count: 0 });
    }, []);
    expect(await end).toBe("completed");
    const log = readLog();
    expect(log.indexOf("turn.interrupted")).toBeLessThan(log.indexOf('"turn_id":"own"'));
    expect(log).toContain("Hello.");
  });

  test("a turn that a person interrupts is followed by a message, whenever it comes", async () => {
    const starts = { count: 0 };
    const { end, requests, post, readLog } = drive((request, send) => {
      if (request.method === "turn/start" && starts.count === 0) setTimeout(() => send(ended("1", "interrupted")), 20);
      return answerOf(request, send, starts);
    }, []);
    while (!readLog().includes("turn.interrupted")) await Bun.sleep(5);
    expect(await Promise.race([end, Bun.sleep(700)])).toBeUndefined();
    post({ id: "m", text: "M", when: "now" });
    expect(await end).toBe("completed");
    expect(requests.filter(({ method }) => method === "turn/start")[1]?.params["clientUserMessageId"]).toBe("m");
  });

  for (const isJoined of [true, false]) {
    test(`a turn that follows at once is ${isJoined ? "part of the run" : "not waited for if nobody has joined"}`, async () => {
      const { end, readLog } = drive(
        (request, send) => {
          if (request.method === "turn/start") {
            setTimeout(() => send(completed("1")), 20);
            setTimeout(() => send(started("queued")), 120);
            setTimeout(() => send(completed("queued")), 140);
          }
          return answerOf(request, send, { count: 0 });
        },
        [],
        "",
        false,
        isJoined,
      );
      expect(await end).toBe("completed");
      expect(readLog().includes('"turn_id":"queued"')).toBe(isJoined);
    });
  }

  test("a turn of this process is not taken for a person's", async () => {
    const { end, readLog } = drive((request, send) => {
      if (request.method === "turn/start") {
        send(started("1"));
        setTimeout(() => send(completed("1")), 20);
      }
      return answerOf(request, send, { count: 0 });
    }, []);
    expect(await end).toBe("completed");
    expect(readLog().split('"turn.started"')).toHaveLength(2);
  });
});
