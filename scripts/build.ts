// Builds dist/codex-mcp-server for this machine, or the named targets: bun scripts/build.ts [target … | all]
import { join } from "node:path";
import { $ } from "bun";
import type { Build } from "#base/build.ts";
import manifest from "../package.json" with { type: "json" };
import { bundlePages } from "./page-build.ts";
import { type Target, targetNamed, TARGETS } from "./targets.ts";

const root = join(import.meta.dir, "..");

/** Path of the binary for this machine. */
export const BINARY = join(root, "dist", "codex-mcp-server");

/** Returns the path of a target's binary. */
export function binaryOf({ name }: Target): string {
  return join(root, "dist", `codex-mcp-server-${name}${name.startsWith("windows") ? ".exe" : ""}`);
}

/**
 * Compiles the program into one file, by default for this machine.
 * @throws with the bundler's messages, if the build fails
 */
export async function buildBinary(target?: Target): Promise<string> {
  const outfile = target === undefined ? BINARY : binaryOf(target);
  // The folder's name is in the program: it must not be another one each time.
  const pages = join(root, "dist", "pages", target?.name ?? "own");
  await compile(outfile, target, await bundlePages(pages));
  return outfile;
}

async function compile(outfile: string, target: Target | undefined, pages: Bun.BunPlugin): Promise<void> {
  const { success, logs } = await Bun.build({
    entrypoints: [join(root, "src", "main.ts")],
    minify: true,
    bytecode: true,
    // A map would be in the program: nearly 1 MB more, and other bytes in another folder.
    sourcemap: "none",
    plugins: [pages],
    define: { BUILD: JSON.stringify(await describeBuild(target)) },
    compile: {
      outfile,
      ...(target !== undefined && { target: target.runtime }),
      // An MCP client starts its servers in the user's workspace: files there must not configure them.
      autoloadDotenv: false,
      autoloadBunfig: false,
    },
  });
  if (!success) throw new AggregateError(logs, "the binary does not build");
}

async function describeBuild(target: Target | undefined): Promise<Build> {
  return {
    version: manifest.version,
    ...(await describeCommit()),
    target: target?.name ?? `${process.platform}-${process.arch}`,
    readonlyFallback: target?.isContainer === true ? "1" : "0",
  };
}

/** Returns the commit's time, not the build's, so that the same commit gives the same bytes. */
async function describeCommit(): Promise<Pick<Build, "commit" | "date">> {
  const git = (...args: string[]) => $`git ${args}`.cwd(root).quiet().nothrow().text();
  const [commit = "", date = ""] = (await git("log", "-1", "--format=%H %cI")).trim().split(" ");
  const isDirty = commit !== "" && (await git("status", "--porcelain", "--untracked-files=no")).trim() !== "";
  return { commit: isDirty ? `${commit}-dirty` : commit, date };
}

function targetsNamed(names: readonly string[]): (Target | undefined)[] {
  if (names.length === 0) return [undefined];
  if (names[0] === "all") return [...TARGETS];
  return names.map(targetNamed);
}

if (import.meta.main) {
  for (const target of targetsNamed(process.argv.slice(2))) {
    const file = await buildBinary(target);
    console.log(`${file} (${Math.round(Bun.file(file).size / 1024 / 1024)} MiB)`);
  }
}
