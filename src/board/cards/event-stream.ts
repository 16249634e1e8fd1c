import { dirname } from "node:path";
import { type BoardEvents, PING_INTERVAL_MS } from "#board/api/event.ts";
import { respondWith } from "#board/server/respond.ts";
import type { BoardContext, Route } from "#board/server/route.ts";
import { toFailure } from "#base/errors.ts";
import { logger } from "#base/log.ts";
import { watchFolder } from "#platform/files/watch-folder.ts";
import type { BoardSnapshot, Card } from "#board/api/card.ts";
import { readSnapshot } from "./read-cards.ts";

/** Routes of the board's state. */
export const CARD_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/api/events",
    kind: "data",
    handle: (context, { request }) => respondEvents(context, request.signal),
  },
];

function respondEvents(context: BoardContext, signal: AbortSignal): Response {
  const stream = new ReadableStream<string>({
    start: (controller) => {
      const send = <Name extends keyof BoardEvents>(name: Name, data: BoardEvents[Name]) =>
        controller.enqueue(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
      const follower = followCards(context, send);
      signal.addEventListener("abort", () => {
        follower.close();
        controller.close();
      });
    },
  });
  return respondWith(stream.pipeThrough(new TextEncoderStream()), { "content-type": "text/event-stream" });
}

type Send = <Name extends keyof BoardEvents>(name: Name, data: BoardEvents[Name]) => void;

function followCards({ app, info }: BoardContext, send: Send): { close: () => void } {
  let known: BoardSnapshot | undefined;
  let isReading = false;
  const look = async () => {
    if (isReading) return;
    isReading = true;
    try {
      const snapshot = await readSnapshot(app, info);
      if (known === undefined) send("snapshot", snapshot);
      else sendChanges(known, snapshot, send);
      known = snapshot;
    } catch (error) {
      logger("app").warn`The tasks cannot be read: ${toFailure(error).message}`;
    } finally {
      isReading = false;
    }
  };
  void look();
  const watch = watchFolder(
    dirname(app.store.paths.database),
    (name) => name.startsWith("codexmcp.db"),
    () => void look(),
  );
  const ping = setInterval(() => send("ping", { now: new Date().toISOString() }), PING_INTERVAL_MS);
  return {
    close: () => {
      watch.close();
      clearInterval(ping);
    },
  };
}

function sendChanges(before: BoardSnapshot, after: BoardSnapshot, send: Send): void {
  const old = new Map(before.cards.map((card) => [card.id, JSON.stringify(withoutTime(card))]));
  const cards = after.cards.filter((card) => old.get(card.id) !== JSON.stringify(withoutTime(card)));
  const ids = new Set(after.cards.map(({ id }) => id));
  const removed = before.cards.map(({ id }) => id).filter((id) => !ids.has(id));
  if (cards.length > 0 || removed.length > 0) send("change", { cards, removed, now: after.now });
}

/** Returns a card without the time that passes: pages count it themselves. */
function withoutTime({ elapsed_seconds: _elapsed, ...card }: Card): Omit<Card, "elapsed_seconds"> {
  return card;
}
