import { createInterface } from "node:readline/promises";
import { applyChange, type ClientChange, ownEntry, planChange } from "#install/set-up-client.ts";
import { entryFields } from "#install/client-file.ts";
import { formatTomlTable } from "#install/toml-edit.ts";
import { CLIENTS, type McpClient, type ServerEntry } from "#install/client-table.ts";
import { AppError } from "#base/errors.ts";
import type { Input } from "#cli/framework/command.ts";
import { nearest } from "#base/nearest.ts";
import { isTerminal, printLines } from "#cli/terminal/output.ts";
import { paint, type Text } from "#cli/terminal/style.ts";
import { shortenHome } from "#cli/terminal/task-table.ts";

interface InstallOptions {
  name: string | undefined;
  env: string[];
  print: boolean;
  yes: boolean;
  uninstall: boolean;
}

/**
 * Adds this server to a client's configuration or removes it: shows the change, asks for confirmation, keeps a copy of
 * the client's file.
 */
export async function install({ options, operands: [id] }: Input<InstallOptions>): Promise<number> {
  if (id === undefined) return listClients();
  const client = clientNamed(id);
  const name = checkName(options.name ?? "codex");
  const entry = ownEntry(readVariables(options.env), process.env);
  if (options.print) {
    printLines(describeEntry(client, name, entry));
    return 0;
  }
  const change = planChange(client, name, options.uninstall ? undefined : entry, process.env);
  if (change === undefined) {
    const isSo = options.uninstall ? `has no server "${name}"` : `has this server already, as "${name}"`;
    printLines([`${client.title} ${isSo}; nothing was changed.`]);
    return 0;
  }
  printLines(describeChange(change));
  if (!options.yes && !(await confirm())) return 1;
  const backup = await applyChange(change, process.env);
  const kept = backup === undefined ? [] : [`The file as it was: ${shortenHome(backup)}`];
  const next = options.uninstall ? [] : [client.afterwards];
  printLines([paint("Done.", "green"), ...kept, ...next]);
  return 0;
}

function listClients(): number {
  printLines([
    "Which client? codex-mcp-server install <client>",
    "",
    ...CLIENTS.map(({ id, title, file, cli }) => {
      const how = cli === undefined ? shortenHome(file(process.env)) : `by ${cli.program} mcp add`;
      return `  ${id.padEnd(16)}${title.padEnd(16)}${how}`;
    }),
    "",
    "Any other client: give it the command that install cursor --print shows.",
  ]);
  return 0;
}

function clientNamed(id: string): McpClient {
  const client = CLIENTS.find((candidate) => candidate.id === id);
  if (client !== undefined) return client;
  const ids = CLIENTS.map((candidate) => candidate.id);
  const near = nearest(id, ids);
  const instead = near === undefined ? `Clients: ${ids.join(", ")}.` : `Did you mean ${near}?`;
  throw new AppError(
    "invalid_argument",
    `There is no client "${id}". ${instead}`,
    "For any other client: install cursor --print",
  );
}

/** Checks the server's name, from which clients build tool names. */
function checkName(name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(name)) return name;
  throw new AppError(
    "invalid_argument",
    `"${name}" cannot be the entry's name.`,
    "Letters, digits, _ and -; for example codex.",
  );
}

function readVariables(assignments: readonly string[]): Record<string, string> {
  const pairs = assignments.map((text) => {
    const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(text) ?? [];
    if (name !== undefined && value !== undefined) return [name, value] as const;
    throw new AppError(
      "invalid_argument",
      `--env takes NAME=value; it is "${text}".`,
      "For example: --env CODEX_REASONING_EFFORT=high",
    );
  });
  return Object.fromEntries(pairs);
}

function describeEntry({ title, file, format, cli }: McpClient, name: string, entry: ServerEntry): string[] {
  const path = shortenHome(file(process.env));
  if (format.language === "toml") {
    return [`# ${title}: ${path}`, ...formatTomlTable(`${format.key}.${name}`, entryFields(format, entry))];
  }
  const byHand = cli === undefined ? "" : ` (or: ${cli.program} ${cli.add({ name, ...entry }).join(" ")})`;
  return [
    `// ${title}: ${path}${byHand}`,
    ...JSON.stringify({ [format.key]: { [name]: entryFields(format, entry) } }, null, 2).split("\n"),
  ];
}

function describeChange({ client, file, name, before, after, commands }: ClientChange): Text[] {
  const show = (mark: "+" | "-", entry: ServerEntry | undefined) => {
    if (entry === undefined) return [];
    const text = `"${name}": ${JSON.stringify(entryFields(client.format, withoutSecrets(entry)), null, 2)}`;
    return text.split("\n").map((line) => paint(`${mark} ${line}`, mark === "+" ? "green" : "red"));
  };
  const how = commands.map(([program = "", action = "", verb = ""]) => `by ${program} ${action} ${verb}`);
  return [
    `${client.title}, ${shortenHome(file)}${how.length > 0 ? ` (${how.join(", then ")})` : ""}:`,
    ...show("-", before),
    ...show("+", after),
  ];
}

const SECRET = /KEY|TOKEN|SECRET|PASSWORD/i;

/** Removes secrets from an entry, because others may see the terminal. */
function withoutSecrets(entry: ServerEntry): ServerEntry {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(entry.env)) env[name] = SECRET.test(name) ? "…" : value;
  return { ...entry, env };
}

async function confirm(): Promise<boolean> {
  if (!isTerminal() || !process.stdin.isTTY) {
    throw new AppError("invalid_argument", "There is nobody here to ask.", "Add --yes to make this change.");
  }
  // oxlint-disable-next-line no-restricted-properties -- asks the user for confirmation
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question("Make this change? [y/N] ");
  terminal.close();
  if (/^y(?:es)?$/i.test(answer.trim())) return true;
  printLines(["Nothing was changed."]);
  return false;
}
