import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { ALL_TOOLS } from "#mcp/tools/register-tools.ts";
import manifest from "../../package.json" with { type: "json" };
import type { Target } from "../targets.ts";
import { programName, writeZip } from "./archive.ts";
import { VARIABLES } from "./variables.ts";

/** Targets with a bundle for desktop clients: not for containers, and those that run on any processor. */
const BUNDLED: Record<string, string> = {
  "linux-x64-baseline": "linux",
  "darwin-x64": "darwin",
  "darwin-arm64": "darwin",
  "windows-x64": "win32",
};

/** Returns whether a target has a bundle. */
export function hasBundle({ name }: Target): boolean {
  return name in BUNDLED;
}

/**
 * Creates the `.mcpb` bundle of a target (https://github.com/modelcontextprotocol/mcpb), which Claude Desktop
 * and others install with a double-click. @returns its path
 */
export async function packBundle(target: Target, binary: string, folder: string): Promise<string> {
  const path = join(folder, `codex-mcp-server-${target.name.replace("-baseline", "")}.mcpb`);
  const stage = mkdtempSync("/var/tmp/codexmcp-release-");
  try {
    const description = join(stage, "manifest.json");
    writeFileSync(description, `${JSON.stringify(bundleManifest(target), null, 2)}\n`);
    const program = { name: `server/${programName(target)}`, path: binary, mode: 0o755 };
    writeZip(path, [{ name: basename(description), path: description, mode: 0o644 }, program]);
  } finally {
    rmSync(stage, { recursive: true });
  }
  return path;
}

/** Returns the manifest of a bundle. Source: MANIFEST.md of the mcpb project, version 0.3. */
function bundleManifest(target: Target): object {
  const entry_point = `server/${programName(target)}`;
  const { name, version, description, license } = manifest;
  return {
    manifest_version: "0.3",
    name,
    display_name: "Codex tasks",
    version,
    description,
    author: { name: "codex-mcp-server" },
    repository: manifest.repository,
    documentation: `${manifest.repository.url}#readme`,
    license,
    server: {
      type: "binary",
      entry_point,
      mcp_config: {
        command: `\${__dirname}/${entry_point}`,
        args: [],
        env: Object.fromEntries(VARIABLES.map((variable) => [variable.name, `\${user_config.${variable.name}}`])),
      },
    },
    tools: ALL_TOOLS.map((tool) => ({ name: tool.name, description: tool.describe().description })),
    user_config: Object.fromEntries(
      VARIABLES.map((variable) => [
        variable.name,
        { type: "string", title: variable.title, description: variable.description, required: false, default: "" },
      ]),
    ),
    compatibility: { platforms: [BUNDLED[target.name]] },
  };
}
