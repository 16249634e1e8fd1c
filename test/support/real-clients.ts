import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";

const FOLDER = join(import.meta.dir, "..", "..", "dist", "clients");
const CLAUDE_CODE = "@anthropic-ai/claude-code@2.1.330";

/**
 * The real Claude Code: the one that CODEXMCP_TEST_CLAUDE names, or, with CODEXMCP_TEST_CLIENTS=1, one
 * that is downloaded (240 MB, so not without being asked). Undefined where there is none to be had.
 */
export function findClaude(): string | undefined {
  const named = process.env["CODEXMCP_TEST_CLAUDE"];
  if (named !== undefined) return named;
  const path = join(FOLDER, "node_modules", ".bin", "claude");
  if (process.env["CODEXMCP_TEST_CLIENTS"] !== "1") return undefined;
  if (!existsSync(path)) {
    mkdirSync(FOLDER, { recursive: true });
    Bun.spawnSync(["npm", "install", "--prefix", FOLDER, "--no-audit", "--no-fund", "--silent", CLAUDE_CODE]);
  }
  return existsSync(path) ? path : undefined;
}
