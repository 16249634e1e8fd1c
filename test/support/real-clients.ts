import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

const FOLDER = join(import.meta.dir, "..", "..", "dist", "clients");

/** Real programs that speak MCP, from npm: pinned, and too large to come with every `npm install`. */
const CLIENTS = {
  claude: { package: "@anthropic-ai/claude-code", version: "2.1.330", program: "claude" },
  inspector: { package: "@modelcontextprotocol/inspector", version: "2.12.0", program: "mcp-inspector" },
  formerCodex: { package: "@openai/codex", version: "0.153.0", program: "codex" },
  opencode: { package: "opencode-ai", version: "1.18.33", program: "opencode" },
  gemini: { package: "@google/gemini-cli", version: "0.61.0", program: "gemini" },
  copilot: { package: "@github/copilot", version: "1.0.102", program: "copilot" },
  qwen: { package: "@qwen-code/qwen-code", version: "0.24.4", program: "qwen" },
  conformance: { package: "@modelcontextprotocol/conformance", version: "0.2.0-alpha.12", program: "conformance" },
} as const;

/** Clients of which only the list of servers is read: together 800 MB. */
const LISTING = new Set<keyof typeof CLIENTS>(["opencode", "gemini", "copilot", "qwen"]);

/**
 * The path of such a program. With CODEXMCP_TEST_CLIENTS=1 it is downloaded (Claude Code 240 MB, the others 300 MB
 * together), with CODEXMCP_TEST_CLIENTS=all those too of which only the list of servers is read; CODEXMCP_TEST_CLAUDE
 * names a Claude Code that is there. Undefined, and said loudly, where there is none to be had.
 */
export function findClient(name: keyof typeof CLIENTS): string | undefined {
  const named = name === "claude" ? process.env["CODEXMCP_TEST_CLAUDE"] : undefined;
  const wanted = process.env["CODEXMCP_TEST_CLIENTS"];
  const isWanted = wanted === "all" || (wanted === "1" && !LISTING.has(name));
  const path = named ?? (isWanted ? install(name) : undefined);
  if (path === undefined) {
    const value = LISTING.has(name) ? "all" : "1";
    console.warn(`SKIPPED: tests with ${CLIENTS[name].package}; CODEXMCP_TEST_CLIENTS=${value} downloads it`);
  }
  return path;
}

/** Each in a folder of its own: they want different versions of the same packages. */
function install(name: keyof typeof CLIENTS): string | undefined {
  const { package: wanted, version, program } = CLIENTS[name];
  const folder = join(FOLDER, `${name}-${version}`);
  const path = join(folder, "node_modules", ".bin", program);
  if (!existsSync(path)) {
    // Test files run side by side: each installs for itself, and the first that is done is used by all.
    mkdirSync(FOLDER, { recursive: true });
    const own = mkdtempSync(`${folder}-`);
    const options = ["--prefix", own, "--no-audit", "--no-fund", "--silent"];
    Bun.spawnSync(["npm", "install", ...options, `${wanted}@${version}`]);
    if (!existsSync(path)) {
      rmSync(folder, { recursive: true, force: true });
      renameSync(own, folder);
    } else rmSync(own, { recursive: true });
  }
  return existsSync(path) ? path : undefined;
}
