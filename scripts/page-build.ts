// What the pages' bundles leave out of libraries, and how large they may be.
import { dirname, join } from "node:path";

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

/** Settings of the bundler that the pages need. */
export const PAGE_BUILD = { plugins: [onlyDiffParser], define: { __DEV__: "false" } };

/** Bundles a page as it is in the program, and returns its size in bytes with all its files. @throws with the bundler's messages */
export async function measurePage(page: (typeof PAGES)[number]): Promise<number> {
  const entry = join(dir, "..", "src", "board", "page", `${page}.html`);
  const { outputs } = await Bun.build({ entrypoints: [entry], minify: true, ...PAGE_BUILD });
  return outputs.reduce((sum, { size }) => sum + size, 0);
}
