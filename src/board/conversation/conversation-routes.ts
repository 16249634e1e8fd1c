import * as v from "valibot";
import { AppError } from "#base/errors.ts";
import { respondJson, respondText } from "#board/server/respond.ts";
import type { BoardRequest, Route } from "#board/server/route.ts";
import { readConversation, readEntryOutput } from "./read-conversation.ts";
import { searchConversation } from "./search-conversation.ts";

const count = v.pipe(v.string(), v.regex(/^\d{1,15}$/, "is not a whole number"), v.transform(Number));
const run = v.optional(v.pipe(count, v.minValue(1, "is not a number of a run")));

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
      respondJson(await readConversation(app, idOf(request), readParams(WindowParams, request))),
  },
  {
    method: "GET",
    path: "/api/tasks/:id/output",
    kind: "data",
    handle: async ({ app }, request) =>
      respondText(await readEntryOutput(app, idOf(request), readParams(OutputParams, request))),
  },
  {
    method: "GET",
    path: "/api/tasks/:id/search",
    kind: "data",
    handle: async ({ app }, request) =>
      respondJson(
        await searchConversation(app, idOf(request), readParams(SearchParams, request), request.request.signal),
      ),
  },
];

function idOf({ params }: BoardRequest): string {
  return params["id"] ?? "";
}

/** Reads the query of a request. @throws AppError `invalid_argument` */
function readParams<Schema extends v.GenericSchema>(schema: Schema, { url }: BoardRequest): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, Object.fromEntries(url.searchParams));
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const name = v.getDotPath(issue) ?? "query";
  throw new AppError("invalid_argument", `The parameter ${name} ${issue.message}.`, "Reload the page.");
}
