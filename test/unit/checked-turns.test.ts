import { expect, test } from "bun:test";
import type { EndedTurn, FollowUp, FollowUps } from "#domain/follow-up.ts";
import { answerOf, completed, drive } from "../support/drive-turns.ts";

const started = (id: string) => ({ method: "turn/started", params: { threadId: "t", turn: { id } } });

/** A source of follow-ups that works until another turn begins, and the next time has nothing. */
function slowSource(asked: EndedTurn[]): FollowUps {
  return {
    next: async (turn) => {
      asked.push(turn);
      if (asked.length > 1) return undefined;
      return new Promise<FollowUp | undefined>((resolve) => {
        turn.superseded?.addEventListener("abort", () => resolve(undefined));
      });
    },
    started: () => {},
  };
}

test("a turn that a person starts while the follow-ups are asked ends the asking, and they are asked again after it", async () => {
  const asked: EndedTurn[] = [];
  const { end, readLog } = drive(
    (request, send) => {
      if (request.method === "turn/start") {
        setTimeout(() => send(completed("1")), 20);
        setTimeout(() => send(started("own")), 60);
        setTimeout(() => send(completed("own")), 100);
      }
      return answerOf(request, send, { count: 0 });
    },
    [],
    "",
    false,
    false,
    undefined,
    slowSource(asked),
  );
  expect(await end).toBe("completed");
  expect(asked.map(({ isCompleted, isPursued, superseded }) => [isCompleted, isPursued, superseded?.aborted])).toEqual([
    [true, false, true],
    [true, false, false],
  ]);
  expect(readLog().match(/"turn\.completed"/g)).toHaveLength(2);
});
