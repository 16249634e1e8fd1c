// Builds dist/codex-mcp-server for this machine.
import { join } from "node:path";

const root = join(import.meta.dir, "..");

/** Where the binary comes to lie. */
export const BINARY = join(root, "dist", "codex-mcp-server");

/** Compiles the program into one file. @throws where it does not build, with the bundler's messages */
export async function buildBinary(outfile = BINARY): Promise<void> {
  const { success, logs } = await Bun.build({
    entrypoints: [join(root, "src", "main.ts")],
    minify: true,
    bytecode: true,
    sourcemap: "linked",
    // An MCP client starts its servers inside the user's workspace: whatever lies there must not steer them.
    compile: { outfile, autoloadDotenv: false, autoloadBunfig: false },
  });
  if (!success) throw new AggregateError(logs, "the binary does not build");
}

if (import.meta.main) {
  await buildBinary();
  const { size } = Bun.file(BINARY);
  console.log(`${BINARY} (${Math.round(size / 1024 / 1024)} MiB)`);
}
