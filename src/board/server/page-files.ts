import { ACTION_META } from "#board/api/failure.ts";
import { AppError } from "#base/errors.ts";
import boardPage from "#board/page/board.html";
import { respondWith } from "./respond.ts";

/** File of the page, as the bundler has put it into this program. */
interface PageFile {
  path: string;
  loader: string;
  type: string;
}

/** Page that is part of this program, with its files by their paths in the address. */
export interface EmbeddedPage {
  html: string;
  files: ReadonlyMap<string, PageFile>;
}

/**
 * Returns the board's page.
 * @throws AppError `internal` if the program was not compiled: only the compiler bundles it
 */
export async function loadBoardPage(): Promise<EmbeddedPage> {
  return loadPage(boardPage);
}

/** Returns a page that was imported as HTML. @throws AppError `internal` as above */
export async function loadPage({ index, files }: Bun.HTMLBundle): Promise<EmbeddedPage> {
  if (files === undefined) {
    throw new AppError("internal", "The page is only in the compiled program.", "Run bun scripts/build.ts.");
  }
  const others = files.filter(({ loader }) => loader !== "html");
  return {
    html: await Bun.file(index).text(),
    files: new Map(
      others.map(({ path, loader, headers }) => [
        `/${path.split(/[\\/]/).at(-1) ?? ""}`,
        { path, loader, type: headers["content-type"] ?? "application/octet-stream" },
      ]),
    ),
  };
}

/** Returns the answer with the page. @param actionKey see `BoardRequest` */
export function respondPage({ html }: EmbeddedPage, actionKey: string): Response {
  const meta = `<meta name="${ACTION_META}" content="${actionKey}" />`;
  return respondWith(html.replace("<head>", `<head>${meta}`), { "content-type": "text/html; charset=utf-8" });
}

/** Returns the answer with a file of the page. Its name has a digest of its content. */
export function respondPageFile({ path, type }: PageFile): Response {
  return respondWith(Bun.file(path), {
    "content-type": type,
    "cache-control": "private, max-age=31536000, immutable",
  });
}

/** Returns the page as one file that needs no other: with its script, its style and the data. */
export async function inlinePage(page: EmbeddedPage, data: string): Promise<string> {
  let html = page.html;
  for (const [address, { path, loader }] of page.files) {
    const name = escapePattern(address.slice(1));
    const text = loader === "css" || loader === "js" ? await Bun.file(path).text() : "";
    if (loader === "css") {
      html = html.replace(
        new RegExp(`<link[^>]*${name}[^>]*>`),
        () => `<style>${text.replaceAll("</", "<\\/")}</style>`,
      );
    } else if (loader === "js") {
      // At the end of the body: an inline script does not wait for the document as one with an address does.
      html = html.replace(new RegExp(`<script[^>]*${name}[^>]*></script>`), "");
      html = html.replace("</body>", () => `${data}<script type="module">${escapeScript(text)}</script></body>`);
    } else html = html.replace(new RegExp(`<link[^>]*${name}[^>]*>`), "");
  }
  return html;
}

/** Escapes what would end a script or begin a comment in it: both only occur in strings and patterns of the script. */
function escapeScript(text: string): string {
  return text.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");
}

function escapePattern(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
