import { basename } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { sha256 } from "./checksums.ts";
import { VARIABLES } from "./variables.ts";

/** Returns the entry for the MCP registry, `server.json`: the release's bundles, each with its checksum. */
export async function registryEntry(bundles: readonly string[]): Promise<object> {
  const { version, repository } = manifest;
  return {
    $schema: "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json",
    name: `io.github.${ownerOf(repository.url)}/codex-mcp-server`,
    title: "Codex tasks",
    // At most 100 characters.
    description: "Hands coding work to the OpenAI Codex CLI: supervised tasks, a git worktree each, read-only reviews",
    repository: { url: repository.url, source: "github" },
    version,
    packages: bundles.map((path) => ({
      registryType: "mcpb",
      identifier: `${repository.url}/releases/download/v${version}/${basename(path)}`,
      version,
      fileSha256: sha256(path),
      transport: { type: "stdio" },
      environmentVariables: VARIABLES.map(({ name, description }) => ({ name, description, isRequired: false })),
    })),
  };
}

function ownerOf(url: string): string {
  const [, owner] = /^https:\/\/github\.com\/([^/]+)\//.exec(url) ?? [];
  if (owner === undefined) throw new Error(`package.json names no repository on GitHub: ${url}`);
  return owner;
}
