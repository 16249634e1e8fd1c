import { CARD_ROUTES } from "#board/cards/event-stream.ts";
import { USAGE_ROUTES } from "#board/usage/usage-routes.ts";
import { respondJson } from "./respond.ts";
import type { Route } from "./route.ts";

/** All routes of the board except its page and the page's files. */
export const API_ROUTES: readonly Route[] = [
  { method: "GET", path: "/api/info", kind: "data", handle: ({ info }) => respondJson(info) },
  ...CARD_ROUTES,
  ...USAGE_ROUTES,
];

/** Paths of the page: each shows a part of the board. */
export const PAGE_PATHS = ["/", "/tasks/:id", "/timeline", "/usage", "/compare", "/new"] as const;
