import * as v from "valibot";
import { VERSION } from "#base/build.ts";
import type { ExportedTask } from "#board/api/export.ts";
import { readQuery, taskNameIn } from "#board/server/read-request.ts";
import { respondJson, respondWith } from "#board/server/respond.ts";
import type { BoardContext, BoardRequest, Route } from "#board/server/route.ts";
import { checkExport, hideHome, redactExport } from "./clean-export.ts";
import { collectExport } from "./collect-export.ts";
import { exportReaders } from "./export-readers.ts";
import { listKnownSecrets } from "./find-secrets.ts";
import { renderExport } from "./render-export.ts";

const flag = v.picklist(["0", "1"], "is not 0 or 1");
const ExportQuery = v.object({
  diff: v.optional(flag, "1"),
  output: v.optional(flag, "0"),
  redact: v.optional(flag, "0"),
});

/** Routes of the export of a task. */
export const EXPORT_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/api/tasks/:id/export",
    kind: "data",
    handle: async (context, request) => {
      const { redact } = readQuery(ExportQuery, request);
      const data = await collect(context, request);
      const exported = redact === "1" ? await redactExport(data, listKnownSecrets(process.env)) : data;
      return respondWith(toStream(renderExport(await hideHome(exported))), {
        "content-type": "text/html; charset=utf-8",
        // Ids of tasks have only letters, digits, dots, dashes and underscores.
        "content-disposition": `attachment; filename="${data.task.card.id}.html"`,
      });
    },
  },
  {
    method: "GET",
    path: "/api/tasks/:id/export-check",
    kind: "data",
    handle: async (context, request) =>
      respondJson(await checkExport(await collect(context, request), listKnownSecrets(process.env))),
  },
];

async function collect(context: BoardContext, request: BoardRequest): Promise<ExportedTask> {
  const { diff, output } = readQuery(ExportQuery, request);
  const parts = { hasDiff: diff === "1", hasOutput: output === "1" };
  return collectExport(exportReaders(context), taskNameIn(request), parts, VERSION);
}

/** Returns a stream of texts, which are rendered as the client reads them. */
function toStream(parts: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    pull: async (controller) => {
      const { done, value } = await parts.next();
      if (done === true) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    cancel: async () => void (await parts.return(undefined)),
  });
}
