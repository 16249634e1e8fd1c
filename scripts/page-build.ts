// Bundles the pages of the board and of the chat, which the program contains.
import { basename, dirname, extname, join } from "node:path";

const { dir } = import.meta;

/** Names of the pages, which are src/board/page/NAME.html. */
export const PAGES = ["board", "chat"] as const;

/**
 * Takes the parser and the comparison of lines from the sources of `@git-diff-view/core`, which are in its package. Its bundle keeps a renderer of
 * 50 KB and 190 grammars of nearly 1 MB, whatever is imported from it (docs/decisions/030-diff-renderer.md).
 */
const onlyDiffParser: Bun.BunPlugin = {
  name: "only-diff-parser",
  setup: (build) => {
    const namespace = "only-diff-parser";
    build.onResolve({ filter: /^@git-diff-view\/(core|utils)$/ }, ({ path }) => ({ path, namespace }));
    build.onLoad({ filter: /core$/, namespace }, () => {
      const folder = join(dirname(Bun.resolveSync("@git-diff-view/core/package.json", dir)), "src", "parse");
      const names = ["diff-parse", "diff-line", "change-range"];
      const contents = names.map((name) => `export * from ${JSON.stringify(join(folder, `${name}.ts`))};`).join("");
      return { contents, loader: "ts" };
    });
    // This package is only in the library's bundle. The values are compared with each other, and the texts belong to the renderer.
    build.onLoad({ filter: /utils$/, namespace }, () => ({
      contents: `export const NewLineSymbol = { CRLF: 1, CR: 2, LF: 3, NEWLINE: 4, NORMAL: 5, NULL: 6 };
        export const addContentHighlightBGName = "", delContentHighlightBGName = "", getSymbol = () => "";`,
      loader: "ts",
    }));
  },
};

/** Bundles a page into a folder. @returns the paths of its files, with that of the page itself first @throws with the bundler's messages */
async function bundlePage(page: (typeof PAGES)[number], folder: string): Promise<string[]> {
  const { outputs } = await Bun.build({
    entrypoints: [join(dir, "..", "src", "board", "page", `${page}.html`)],
    outdir: folder,
    minify: true,
    plugins: [onlyDiffParser],
    define: { __DEV__: "false" },
    // The digests that the bundler would put into the names depend on the folder of the build.
    naming: { chunk: "[name].[ext]", asset: "[name].[ext]", entry: "[name].[ext]" },
  });
  return outputs.map(({ path }) => path).toSorted((a, b) => Number(b.endsWith(".html")) - Number(a.endsWith(".html")));
}

/**
 * Bundles the pages, and returns what puts them into the program: their HTML imports give the files of these bundles. Otherwise the same sources
 * in another folder would give another program, and the maps of the pages would be in it.
 */
export async function bundlePages(folder: string): Promise<Bun.BunPlugin> {
  const modules = new Map<string, string>();
  for (const page of PAGES) modules.set(page, toModule(await bundlePage(page, join(folder, page))));
  return {
    name: "bundled-pages",
    setup: (build) => {
      const namespace = "bundled-pages";
      build.onResolve({ filter: /\/page\/\w+\.html$/ }, ({ path }) => ({ path: basename(path, ".html"), namespace }));
      build.onLoad({ filter: /^/, namespace }, ({ path }) => ({ contents: modules.get(path) ?? "", loader: "ts" }));
    },
  };
}

/** Returns a module with the form that the bundler gives HTML imports. */
function toModule(paths: readonly string[]): string {
  const imports = paths.map((path, index) => `import f${index} from ${JSON.stringify(path)} with { type: "file" };`);
  const files = paths.map((path, index) => {
    const loader = extname(path).slice(1);
    return `{ path: f${index}, input: ${JSON.stringify(basename(path))}, loader: ${JSON.stringify(loader)}, headers: ${JSON.stringify({ "content-type": TYPES[loader] })} }`;
  });
  return `${imports.join("\n")}\nexport default { index: f0, files: [${files.join(", ")}] };`;
}

/** Content types by the extensions of files. */
const TYPES: Record<string, string> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

/** Bundles a page, and returns its size in bytes with all its files. @throws with the bundler's messages */
export async function measurePage(page: (typeof PAGES)[number], folder: string): Promise<number> {
  const paths = await bundlePage(page, folder);
  return paths.reduce((sum, path) => sum + Bun.file(path).size, 0);
}
