import { EXPORTED_ELEMENT, type ExportedTask } from "#board/api/export.ts";
import { inlinePage, loadBoardPage } from "#board/server/page-files.ts";

/** Returns an exported task as one HTML file that opens anywhere: it needs no other file and reaches no network. */
export async function renderExport(data: ExportedTask): Promise<string> {
  // No text of the task can end the element.
  const json = JSON.stringify(data).replaceAll("<", String.raw`\u003c`);
  const element = `<script type="application/json" id="${EXPORTED_ELEMENT}">${json}</script>`;
  return inlinePage(await loadBoardPage(), element, ({ scripts, styles }) =>
    [
      "default-src 'none'",
      `script-src ${scripts.join(" ")}`,
      `style-src ${styles.join(" ")}`,
      "img-src data:",
      "base-uri 'none'",
      "form-action 'none'",
    ].join("; "),
  );
}
