import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { measurePage, PAGES } from "../../scripts/page-build.ts";

const SOURCE = join(import.meta.dir, "..", "..", "src");

/** Size that the pages may add to the program in bytes: 1.5 MB, less a margin for what the program needs to find and serve them. */
const LIMIT = 1_420_000;

test("both pages together are small enough for the program", async () => {
  const folder = mkdtempSync(join(tmpdir(), "codexmcp-pages-"));
  const sizes = await Promise.all(PAGES.map(async (page) => measurePage(page, join(folder, page))));
  rmSync(folder, { recursive: true });
  // A page without its script would be small, too.
  for (const size of sizes) expect(size).toBeGreaterThan(200_000);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(LIMIT);
}, 60_000);

test("the server's start loads nothing of the board and its pages", () => {
  const { files, packages } = listLoaded("main.ts", "cli/setup/serve.ts", "mcp/server.ts");
  expect(files).toContain("mcp/tools/register-tools.ts");
  expect(packages).toContain("@modelcontextprotocol/sdk");
  expect(files.filter((file) => file.startsWith("board/") && !file.startsWith("board/api/"))).toEqual([]);
  const pagePackages = listLoaded("board/page/main.tsx", "board/page/chat/main.tsx").packages;
  expect(pagePackages).toContain("@modelcontextprotocol/ext-apps");
  expect(packages.filter((name) => pagePackages.includes(name) && !["zod", "valibot"].includes(name))).toEqual([]);
});

/** Files and packages that are loaded with some files, by imports that are not dynamic. */
function listLoaded(...entries: string[]): { files: string[]; packages: string[] } {
  const [files, packages] = [new Set(entries.map((entry) => join(SOURCE, entry))), new Set<string>()];
  // The set grows while it is walked through.
  for (const file of files) {
    if (!/\.tsx?$/.test(file)) continue;
    const transpiler = new Bun.Transpiler({ loader: file.endsWith("x") ? "tsx" : "ts" });
    for (const { path, kind } of transpiler.scanImports(readFileSync(file, "utf8"))) {
      if (kind !== "import-statement") continue;
      if (path.startsWith("#")) files.add(join(SOURCE, path.slice(1)));
      else if (path.startsWith(".")) files.add(join(file, "..", path));
      else packages.add(/^(@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? path);
    }
  }
  return { files: [...files].map((file) => relative(SOURCE, file)), packages: [...packages] };
}
