import { respondWith } from "#board/server/respond.ts";
import type { BoardContext, Route } from "#board/server/route.ts";
import { EventHub } from "./event-hub.ts";

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

/** Returns the event streams of a board. */
function hubOf(context: BoardContext): EventHub {
  const known = hubs.get(context);
  if (known !== undefined) return known;
  const hub = new EventHub(context);
  hubs.set(context, hub);
  return hub;
}
