import { Turns } from "#base/concurrency.ts";
import { EXPORTED_ELEMENT, type ExportedTask } from "#board/api/export.ts";
import { inlinePage, loadBoardPage } from "#board/server/page-files.ts";

/** Beginning and end of the element with the data. */
const [ELEMENT, ELEMENT_END] = [`<script type="application/json" id="${EXPORTED_ELEMENT}">`, "</script>"];

/** Depth down to which the data is rendered in parts: to the entries of each log and the patches of each diff. */
const DEPTH = 4;

/** Least size of a part of the file, in characters. */
const PART_LENGTH = 256 * 1024;

/**
 * Renders an exported task as one HTML file that opens anywhere: it needs no other file and reaches no network.
 * @returns the parts of the file; other work runs between them
 */
export async function* renderExport(data: ExportedTask): AsyncGenerator<string> {
  const html = await inlinePage(await loadBoardPage(), ELEMENT + ELEMENT_END, ({ scripts, styles }) =>
    [
      "default-src 'none'",
      `script-src ${scripts.join(" ")}`,
      `style-src ${styles.join(" ")}`,
      "img-src data:",
      "base-uri 'none'",
      "form-action 'none'",
    ].join("; "),
  );
  // Scripts and styles of the page cannot have the element: the end of one is escaped in them.
  const at = html.indexOf(ELEMENT + ELEMENT_END) + ELEMENT.length;
  yield html.slice(0, at);
  const turns = new Turns();
  let part = "";
  for (const json of toJson(data, DEPTH)) {
    // No text of the task can end the element.
    part += json.replaceAll("<", String.raw`\u003c`);
    await turns.pause();
    if (part.length < PART_LENGTH) continue;
    yield part;
    part = "";
  }
  yield part + html.slice(at);
}

/** Returns the JSON of a value in parts. */
function* toJson(value: unknown, depth: number): Generator<string> {
  if (depth === 0 || typeof value !== "object" || value === null) return yield JSON.stringify(value);
  const isList = Array.isArray(value);
  yield isList ? "[" : "{";
  let isFirst = true;
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue;
    yield (isFirst ? "" : ",") + (isList ? "" : `${JSON.stringify(key)}:`);
    yield* toJson(item, depth - 1);
    isFirst = false;
  }
  yield isList ? "]" : "}";
}
