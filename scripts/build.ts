// Builds dist/codex-mcp-server for this machine, or the named targets: bun scripts/build.ts [target … | all]
import { join } from "node:path";
import { type Target, targetNamed, TARGETS } from "./targets.ts";

const root = join(import.meta.dir, "..");

/** Where the binary for this machine comes to lie. */
export const BINARY = join(root, "dist", "codex-mcp-server");

/** Where a target's binary comes to lie. */
export function binaryOf(target: Target): string {
  return join(root, "dist", `codex-mcp-server-${target.name}`);
}

/**
 * Compiles the program into one file, for this machine where no target is named.
 * @throws where it does not build, with the bundler's messages
 */
export async function buildBinary(target?: Target): Promise<string> {
  const outfile = target === undefined ? BINARY : binaryOf(target);
  const { success, logs } = await Bun.build({
    entrypoints: [join(root, "src", "main.ts")],
    minify: true,
    bytecode: true,
    sourcemap: "linked",
    define: { BUILD_READONLY_FALLBACK: JSON.stringify(target?.isContainer === true ? "1" : "0") },
    compile: {
      outfile,
      ...(target !== undefined && { target: target.runtime }),
      // An MCP client starts its servers inside the user's workspace: whatever lies there must not steer them.
      autoloadDotenv: false,
      autoloadBunfig: false,
    },
  });
  if (!success) throw new AggregateError(logs, "the binary does not build");
  return outfile;
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
