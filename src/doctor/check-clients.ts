import type { Config } from "#base/config.ts";
import { isAbsolute } from "node:path";
import { pathExists } from "#base/paths.ts";
import { type ConfiguredClient, listConfigured } from "#install/set-up-client.ts";
import { type Finding, ok, warning } from "./finding.ts";

/** Reports the MCP clients that have this server, and whether the programs they start exist. */
export function checkClients({ environment }: Config): Finding[] {
  const configured = listConfigured(environment);
  if (configured.length > 0) return configured.map(checkClient);
  return [
    warning(
      "clients",
      "No MCP client that this program knows has an entry for it.",
      "Run `codex-mcp-server install` to add one.",
    ),
  ];
}

function checkClient({ client, file, entries }: ConfiguredClient): Finding {
  const gone = entries.filter(({ command }) => isAbsolute(command) && !pathExists(command));
  const list = entries.map(({ name, command }) => `"${name}" starts ${command}`).join("; ");
  if (gone.length === 0) return ok("clients", `${client.title}: ${list}`);
  const missing = gone.map(({ command }) => command).join(", ");
  return warning(
    "clients",
    `${client.title} (${file}) starts ${missing}, which does not exist.`,
    `Run \`codex-mcp-server install ${client.id}\`.`,
  );
}
