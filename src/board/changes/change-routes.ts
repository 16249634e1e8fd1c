import * as v from "valibot";
import { readQuery, taskNameIn, wholeNumber } from "#board/server/read-request.ts";
import { respondJson, respondText } from "#board/server/respond.ts";
import type { BoardContext, BoardRequest, Route } from "#board/server/route.ts";
import type { DiffOverview } from "#board/api/changes.ts";
import { MAX_SLICE_BYTES, readPatchPart } from "./patch-files.ts";
import { readComparedDiff, readTaskDiff } from "./read-diff.ts";

/** Routes of the changes of tasks. */
export const CHANGE_ROUTES: readonly Route[] = [
  { method: "GET", path: "/api/tasks/:id/diff", kind: "data", handle: respondDiff },
  { method: "GET", path: "/api/tasks/:id/patch", kind: "data", handle: respondPatch },
  { method: "GET", path: "/api/compare/diff", kind: "data", handle: respondComparison },
];

const DiffQuery = v.object({ since: v.optional(v.picklist(["base", "run"]), "base") });
const PartQuery = v.object({
  key: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  offset: wholeNumber(),
  length: wholeNumber(1, MAX_SLICE_BYTES),
});
const ComparisonQuery = v.object({ from: v.string(), to: v.string() });

async function respondDiff(context: BoardContext, request: BoardRequest): Promise<Response> {
  const { since } = readQuery(DiffQuery, request);
  const id = taskNameIn(request);
  return respondJson(await once(context, `${since} ${id}`, async () => readTaskDiff(context, id, since)));
}

async function respondPatch(context: BoardContext, request: BoardRequest): Promise<Response> {
  const { key, offset, length } = readQuery(PartQuery, request);
  return respondText(await readPatchPart(context, key, offset, length));
}

async function respondComparison(context: BoardContext, request: BoardRequest): Promise<Response> {
  const { from, to } = readQuery(ComparisonQuery, request);
  return respondJson(await once(context, `${from}\n${to}`, async () => readComparedDiff(context, from, to)));
}

const running = new WeakMap<BoardContext, Map<string, Promise<DiffOverview>>>();

/** Reads something that several pages request at the same time only once. */
async function once(context: BoardContext, name: string, read: () => Promise<DiffOverview>): Promise<DiffOverview> {
  const reads = running.get(context) ?? new Map<string, Promise<DiffOverview>>();
  running.set(context, reads);
  const known = reads.get(name);
  if (known !== undefined) return known;
  const reading = read().finally(() => reads.delete(name));
  reads.set(name, reading);
  return reading;
}
