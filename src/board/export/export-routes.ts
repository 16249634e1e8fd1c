import { VERSION } from "#base/build.ts";
import type { ExportedTask } from "#board/api/export.ts";
import { respondJson, respondWith } from "#board/server/respond.ts";
import type { BoardContext, BoardRequest, Route } from "#board/server/route.ts";
import { checkExport, hideHome, redactExport } from "./clean-export.ts";
import { collectExport } from "./collect-export.ts";
import { exportReaders } from "./export-readers.ts";
import { listKnownSecrets } from "./find-secrets.ts";
import { renderExport } from "./render-export.ts";

/** Routes of the export of a task. */
export const EXPORT_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/api/tasks/:id/export",
    kind: "data",
    handle: async (context, request) => {
      const data = await collect(context, request);
      const isRedacted = request.url.searchParams.get("redact") === "1";
      const exported = isRedacted ? await redactExport(data, listKnownSecrets(process.env)) : data;
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

async function collect(context: BoardContext, { params, url }: BoardRequest): Promise<ExportedTask> {
  const parts = {
    hasDiff: url.searchParams.get("diff") !== "0",
    hasOutput: url.searchParams.get("output") === "1",
  };
  return collectExport(exportReaders(context), params["id"] ?? "", parts, VERSION);
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
