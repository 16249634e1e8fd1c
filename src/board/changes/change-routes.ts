import * as v from "valibot";
import { AppError } from "#base/errors.ts";
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

const numberFrom = (least: number, most: number) =>
  v.pipe(v.string(), v.regex(/^\d{1,15}$/), v.transform(Number), v.minValue(least), v.maxValue(most));

const DiffQuery = v.object({ since: v.optional(v.picklist(["base", "run"]), "base") });
const PartQuery = v.object({
  key: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  offset: numberFrom(0, Number.MAX_SAFE_INTEGER),
  length: numberFrom(1, MAX_SLICE_BYTES),
});
const ComparisonQuery = v.object({ from: v.string(), to: v.string() });

async function respondDiff(context: BoardContext, { url, params }: BoardRequest): Promise<Response> {
  const { since } = parseQuery(DiffQuery, url);
  const id = params["id"] ?? "";
  return respondJson(await once(context, `${since} ${id}`, async () => readTaskDiff(context, id, since)));
}

async function respondPatch(context: BoardContext, { url }: BoardRequest): Promise<Response> {
  const { key, offset, length } = parseQuery(PartQuery, url);
  return respondText(await readPatchPart(context, key, offset, length));
}

async function respondComparison(context: BoardContext, { url }: BoardRequest): Promise<Response> {
  const { from, to } = parseQuery(ComparisonQuery, url);
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

function parseQuery<T extends v.GenericSchema>(schema: T, { searchParams }: URL): v.InferOutput<T> {
  const parsed = v.safeParse(schema, Object.fromEntries(searchParams));
  if (parsed.success) return parsed.output;
  const name = v.getDotPath(parsed.issues[0]) ?? "A parameter";
  throw new AppError("invalid_argument", `${name} is not valid: ${parsed.issues[0].message}`, "Reload the page.");
}
