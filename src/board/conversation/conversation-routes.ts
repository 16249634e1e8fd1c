import * as v from "valibot";
import { readQuery, taskNameIn, wholeNumber } from "#board/server/read-request.ts";
import { respondJson, respondText } from "#board/server/respond.ts";
import type { Route } from "#board/server/route.ts";
import { readConversation, readEntryOutput } from "./read-conversation.ts";
import { searchConversation } from "./search-conversation.ts";

const count = wholeNumber();
const run = v.optional(wholeNumber(1));

const WindowParams = v.object({ run, before: v.optional(count), after: v.optional(count) });
const OutputParams = v.object({ run, at: count });
const SearchParams = v.object({ run, q: v.pipe(v.string(), v.maxLength(500, "is longer than 500 characters")) });

/** Routes of the conversations of tasks. */
export const CONVERSATION_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/api/tasks/:id/log",
    kind: "data",
    handle: async ({ app }, request) =>
      respondJson(await readConversation(app, taskNameIn(request), readQuery(WindowParams, request))),
  },
  {
    method: "GET",
    path: "/api/tasks/:id/output",
    kind: "data",
    handle: async ({ app }, request) =>
      respondText(await readEntryOutput(app, taskNameIn(request), readQuery(OutputParams, request))),
  },
  {
    method: "GET",
    path: "/api/tasks/:id/search",
    kind: "data",
    handle: async ({ app }, request) =>
      respondJson(
        await searchConversation(app, taskNameIn(request), readQuery(SearchParams, request), request.request.signal),
      ),
  },
];
