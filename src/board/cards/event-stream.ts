import { respondWith } from "#board/server/respond.ts";
import type { BoardContext, Route } from "#board/server/route.ts";
import { elapsedSeconds, visibleStatus } from "#domain/record.ts";
import type { StoredTask } from "#store/tasks/task-row.ts";
import type { Card } from "#board/api/card.ts";
import { EventHub } from "./event-hub.ts";
import { readCard } from "./read-card.ts";

/** Routes of the board's state. */
export const CARD_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/api/events",
    kind: "data",
    handle: (context, { request, url }) => {
      const stream = hubOf(context).open(url.searchParams.get("task") ?? undefined, request.signal);
      return respondWith(stream, { "content-type": "text/event-stream; charset=utf-8" });
    },
  },
];

const hubs = new WeakMap<BoardContext, EventHub>();

/** Returns the card of a task: as the event streams show it or, without any, as it is now. */
export async function getCard(context: BoardContext, task: StoredTask): Promise<Card> {
  const { record } = task;
  const known = hubs.get(context)?.cardOf(record.task_id);
  if (known?.run !== record.run || known.status !== visibleStatus(record)) return readCard(context.app, task);
  return { ...known, elapsed_seconds: elapsedSeconds(record) };
}

/** Returns the event streams of a board. */
function hubOf(context: BoardContext): EventHub {
  const known = hubs.get(context);
  if (known !== undefined) return known;
  const hub = new EventHub(context);
  hubs.set(context, hub);
  return hub;
}
