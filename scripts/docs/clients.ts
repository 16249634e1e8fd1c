import type { McpClient } from "#install/clients/client.ts";
import { CLIENTS } from "#install/clients/client-table.ts";
import type { Machine } from "#install/clients/machine.ts";
import { formatEntry } from "#install/set-up-client.ts";
import { code, table } from "./markdown.ts";

const ENTRY = { command: "/home/you/.local/bin/codex-mcp-server", args: [], env: {} };

function machineOf(platform: NodeJS.Platform): Machine {
  return { platform, home: "~", environment: { APPDATA: "%APPDATA%" } };
}

/** Returns the table of the clients with their files. */
export function clientTable(): string {
  const rows = CLIENTS.map((client) => [
    client.title,
    code(client.id),
    files(client),
    project(client),
    example(client),
  ]);
  return table(["client", "`install`", "file", "project's file", "example"], rows);
}

/** Returns the client's file on each platform, once for those that have the same. */
function files({ userFiles }: McpClient): string {
  const names = { linux: "Linux", darwin: "macOS", win32: "Windows" } as const;
  const platforms = ["linux", "darwin", "win32"] as const;
  const paths = platforms.map((platform) => userFiles(machineOf(platform))[0]);
  const [first = ""] = paths;
  if (paths.every((path) => path === first)) return code(first);
  return platforms.map((platform, index) => `${names[platform]}: ${code(paths[index] ?? "")}`).join("<br>");
}

function project({ projectFiles }: McpClient): string {
  return projectFiles === undefined ? "" : code(projectFiles[0]);
}

function example(client: McpClient): string {
  return `[entry](../examples/${exampleName(client)})`;
}

function exampleName({ id, format }: McpClient): string {
  return `clients/${id}.${format.language}`;
}

/** Returns the files of examples/ with the entries that `install` writes. */
export function clientExamples(): (readonly [name: string, text: string])[] {
  return CLIENTS.map((client) => [exampleName(client), `${formatEntry(client, ENTRY).join("\n")}\n`] as const);
}
