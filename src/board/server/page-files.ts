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

/**
 * Returns a page that was imported as HTML, and bundled by scripts/page-build.ts: the names of its files in the program have digests of their
 * contents.
 * @throws AppError `internal` as above
 */
export async function loadPage({ index, files }: Bun.HTMLBundle): Promise<EmbeddedPage> {
  if (files === undefined) {
    throw new AppError("internal", "The page is only in the compiled program.", "Run bun scripts/build.ts.");
  }
  let html = await Bun.file(index).text();
  const named = new Map<string, PageFile>();
  for (const { path, input, loader, headers } of files.filter((file) => file.loader !== "html")) {
    const address = `/${path.split(/[\\/]/).at(-1) ?? ""}`;
    html = html.replaceAll(`"./${input}"`, `"${address}"`);
    named.set(address, { path, loader, type: headers["content-type"] ?? "application/octet-stream" });
  }
  return { html, files: named };
}

/** Returns the answer with the page. */
export function respondPage({ html }: EmbeddedPage): Response {
  return respondWith(html, { "content-type": "text/html; charset=utf-8" });
}

/** Returns the answer with a file of the page. Its name has a digest of its content. */
export function respondPageFile({ path, type }: PageFile): Response {
  return respondWith(Bun.file(path), {
    "content-type": type,
    "cache-control": "private, max-age=31536000, immutable",
  });
}

/** Digests of the inline parts of a page, as a content security policy names them. */
export interface InlineDigests {
  scripts: string[];
  styles: string[];
}

/**
 * Returns the page as one file that needs no other: with its script, its style and the data.
 * @param makePolicy returns the content security policy of the page; none if undefined
 */
export async function inlinePage(
  page: EmbeddedPage,
  data: string,
  makePolicy?: (digests: InlineDigests) => string,
): Promise<string> {
  let html = page.html;
  const digests: InlineDigests = { scripts: [], styles: [] };
  for (const [address, { path, loader }] of page.files) {
    const name = RegExp.escape(address.slice(1));
    const text = loader === "css" || loader === "js" ? await Bun.file(path).text() : "";
    if (loader === "css") {
      const style = escapeStyle(text);
      digests.styles.push(digestOf(style));
      html = html.replace(new RegExp(`<link[^>]*${name}[^>]*>`), () => `<style>${style}</style>`);
    } else if (loader === "js") {
      const script = escapeScript(text);
      digests.scripts.push(digestOf(script));
      // At the end of the body: an inline script does not wait for the document as one with an address does.
      html = html.replace(new RegExp(`<script[^>]*${name}[^>]*></script>`), "");
      html = html.replace("</body>", () => `${data}<script type="module">${script}</script></body>`);
    } else html = html.replace(new RegExp(`<link[^>]*${name}[^>]*>`), "");
  }
  if (makePolicy === undefined) return html;
  const policy = `<meta http-equiv="Content-Security-Policy" content="${makePolicy(digests)}" />`;
  return html.replace("<head>", () => `<head>${policy}`);
}

function digestOf(text: string): string {
  return `'sha256-${new Bun.CryptoHasher("sha256").update(text).digest("base64")}'`;
}

function escapeStyle(text: string): string {
  return text.replaceAll("</", "<\\/");
}

/** Escapes what would end a script or begin a comment in it: both only occur in strings and patterns of the script. */
function escapeScript(text: string): string {
  return text.replaceAll(/<\/(?=script)/gi, "<\\/").replaceAll("<!--", "<\\!--");
}
