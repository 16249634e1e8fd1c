import { TASK_ACTION_ROUTES } from "#board/actions/task-action-routes.ts";
import { NEW_TASK_ROUTES } from "#board/actions/start-tasks.ts";
import { CARD_ROUTES } from "#board/cards/event-stream.ts";
import { COMPARE_ROUTES } from "#board/compare/compare-routes.ts";
import { CONVERSATION_ROUTES } from "#board/conversation/conversation-routes.ts";
import { TASK_PAGE_ROUTES } from "#board/task/task-page.ts";
import { CHANGE_ROUTES } from "#board/changes/change-routes.ts";
import { EXPORT_ROUTES } from "#board/export/export-routes.ts";
import { USAGE_ROUTES } from "#board/usage/usage-routes.ts";
import { respondJson } from "./respond.ts";
import type { Route } from "./route.ts";

/** All routes of the board except its page and the page's files. */
export const API_ROUTES: readonly Route[] = [
  { method: "GET", path: "/api/info", kind: "data", handle: ({ info }) => respondJson(info) },
  ...CARD_ROUTES,
  ...CONVERSATION_ROUTES,
  ...TASK_PAGE_ROUTES,
  ...TASK_ACTION_ROUTES,
  ...CHANGE_ROUTES,
  ...COMPARE_ROUTES,
  ...EXPORT_ROUTES,
  ...NEW_TASK_ROUTES,
  ...USAGE_ROUTES,
];

/** Paths of the page: each shows a part of the board. */
export const PAGE_PATHS = ["/", "/tasks/:id", "/timeline", "/usage", "/compare", "/new"] as const;
