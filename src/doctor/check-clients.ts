import { isAbsolute } from "node:path";
import type { Config } from "#base/config.ts";
import { pathExists } from "#base/paths.ts";
import { quoteForShell } from "#base/text.ts";
import type { ConfiguredClient, OwnEntry } from "#install/list-configured.ts";
import { type Finding, ok, warning } from "./finding.ts";

/** Reports the MCP clients that have this server or Codex's own removed one, and whether the programs they start exist. */
export async function checkClients({ environment }: Config): Promise<Finding[]> {
  // Loaded here, since the parsers of the clients' files are needed by nothing else in this command.
  const [{ listConfigured }, { thisMachine }] = await Promise.all([
    import("#install/list-configured.ts"),
    import("#install/clients/machine.ts"),
  ]);
  const findings = listConfigured(thisMachine(environment)).flatMap(checkClient);
  if (findings.length > 0) return findings;
  return [
    warning(
      "clients",
      "No MCP client that this program knows has an entry for it.",
      "Run `codex-mcp-server install` to add one.",
    ),
  ];
}

function checkClient({ client, file, entries, problem }: ConfiguredClient): Finding[] {
  if (problem !== undefined) {
    return [warning("clients", problem, `Fix ${file}, then run \`codex-mcp-server doctor\` again.`)];
  }
  const removed = entries.filter(({ kind }) => kind === "codex");
  const gone = entries.filter(({ kind, command }) => kind === "ours" && isAbsolute(command) && !pathExists(command));
  const good = entries.filter((entry) => !removed.includes(entry) && !gone.includes(entry));
  const install = ({ name }: OwnEntry) =>
    `Run \`codex-mcp-server install ${client.id} --name ${quoteForShell(name)}\`.`;
  return [
    ...(good.length === 0 ? [] : [ok("clients", `${client.title}: ${good.map(describeEntry).join("; ")}`)]),
    ...gone.map((entry) =>
      warning("clients", `${client.title} (${file}) starts ${entry.command}, which does not exist.`, install(entry)),
    ),
    ...removed.map((entry) =>
      warning(
        "clients",
        `The entry "${entry.name}" of ${client.title} (${file}) starts \`codex mcp-server\`, which Codex 0.154 removed.`,
        install(entry),
      ),
    ),
  ];
}

function describeEntry({ name, command }: OwnEntry): string {
  return `"${name}" starts ${command}`;
}
