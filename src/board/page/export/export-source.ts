import type { ExportedLog, ExportedTask } from "#board/api/export.ts";
import { readExportedWindow, searchExportedLog } from "./exported-log.ts";
import type { PageSource } from "#board/page/source/page-source.ts";
import { RequestError } from "#board/page/source/request-error.ts";

/** Returns the source of a task that is in the page itself. */
export function exportSource(data: ExportedTask): PageSource {
  const { task, logs, outputs, diffs } = data;
  const newest = logs.at(-1)?.run ?? task.card.run;
  const findLog = (run: number | undefined): ExportedLog =>
    logs.find((each) => each.run === (run ?? newest)) ?? { run: run ?? newest, entries: [], start: 0, size: 0 };
  return {
    kind: "export",
    actions: undefined,
    readTask: async () => task,
    readLog: async (_id, query) => readExportedWindow(findLog(query.run), query),
    readOutput: async (_id, run, at) => {
      const output = outputs.find((each) => each.run === run && each.at === at);
      if (output !== undefined) return output.text;
      const entry = findLog(run).entries.find((each) => each.at === at);
      return `${entry?.command?.output ?? entry?.text ?? ""}\n[The rest is not in this file.]\n`;
    },
    search: async (_id, query, run) => searchExportedLog(findLog(run), query),
    readDiff: async (_id, since) => {
      const diff = diffs.find(({ overview }) => overview.since === since);
      if (diff === undefined) throw missing("The diff is not in this file.");
      return diff.overview;
    },
    readPatch: async (_id, { key, offset, length }) => {
      const diff = diffs.find(({ overview }) => overview.key === key);
      const patch = diff?.patches.find((each) => each.offset === offset);
      if (patch === undefined) throw missing("The diff of this file is too large for the export.");
      const isWhole = diff?.overview.files.some((file) => file.offset === offset && file.length <= length) === true;
      return isWhole ? patch.text : takeBytes(patch.text, length);
    },
    follow: () => () => {},
  };
}

function takeBytes(text: string, length: number): string {
  return new TextDecoder().decode(new TextEncoder().encode(text).subarray(0, length));
}

function missing(message: string): RequestError {
  return new RequestError({ code: "not_exported", message, hint: "" });
}
