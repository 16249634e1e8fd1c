import { basename } from "node:path";
import { createInterface } from "node:readline/promises";
import { applyChange, type ClientChange, ownEntry, planChange } from "#install/set-up-client.ts";
import { entryFields } from "#install/client-file.ts";
import { formatTomlTable } from "#install/toml-edit.ts";
import { CLIENTS, type McpClient, type ServerEntry } from "#install/client-table.ts";
import { AppError } from "#base/errors.ts";
import { defineCommand } from "#cli/framework/command.ts";
import { suggest } from "#base/nearest.ts";
import { isTerminal, printLines } from "#cli/terminal/output.ts";
import { paint, type Text } from "#cli/terminal/style.ts";
import { shortenHome } from "#cli/terminal/format-values.ts";

export const installCommand = defineCommand({
  name: "install",
  group: "clients",
  summary: "Add this server to an MCP client",
  details:
    "Without a client, lists the supported clients. Otherwise shows the change and asks for confirmation, keeps a copy of the " +
    "client's file (.bak), and leaves other entries unchanged. Claude Code and Codex are configured with their own commands.",
  operands: { usage: "[<client>]", min: 0, max: 1, kind: "client" },
  options: {
    name: { type: "string", placeholder: "name", summary: "Name of the entry (default: codex)" },
    env: {
      type: "string",
      multiple: true,
      short: "e",
      placeholder: "NAME=value",
      summary: "Set an environment variable for the server",
    },
    print: { type: "boolean", summary: "Print the entry and change nothing" },
    yes: { type: "boolean", short: "y", summary: "Do not ask for confirmation" },
    uninstall: { type: "boolean", summary: "Remove the entry" },
  },
  examples: [
    ["install claude-code", "Add the server to Claude Code, for all projects"],
    ["install cursor --env CODEX_REASONING_EFFORT=high", "Set a variable for the server"],
    ["install vscode --print", "Print the entry for VS Code's mcp.json"],
    ["install codex --uninstall", "Remove the server from Codex's configuration"],
  ],
  run: async ({ options, operands: [id] }) => {
    if (id === undefined) return listClients();
    const client = getClient(id);
    const name = checkName(options.name ?? "codex");
    const entry = ownEntry(readVariables(options.env), process.env);
    if (options.print) {
      printLines(describeEntry(client, name, entry));
      return 0;
    }
    const change = planChange(client, name, options.uninstall ? undefined : entry, process.env);
    if (change === undefined) {
      const state = options.uninstall ? `has no server "${name}"` : `already has this server as "${name}"`;
      printLines([`${client.title} ${state}. Nothing was changed.`]);
      return 0;
    }
    printLines(describeChange(change));
    if (!options.yes && !(await confirm())) return 1;
    const backup = await applyChange(change, process.env);
    const kept = backup === undefined ? [] : [`The previous file is kept as ${shortenHome(backup)}.`];
    const next = options.uninstall ? [] : [client.afterwards];
    printLines([paint("Done.", "green"), ...kept, ...next]);
    return 0;
  },
});

function listClients(): number {
  printLines([
    "Run `codex-mcp-server install <client>` with one of these clients:",
    "",
    ...CLIENTS.map(({ id, title, file, cli }) => {
      const target = cli === undefined ? shortenHome(file(process.env)) : `${cli.program} mcp add`;
      return `  ${id.padEnd(16)}${title.padEnd(16)}${target}`;
    }),
    "",
    "For any other client, use the command that `codex-mcp-server install cursor --print` prints.",
  ]);
  return 0;
}

function getClient(id: string): McpClient {
  const client = CLIENTS.find((candidate) => candidate.id === id);
  if (client !== undefined) return client;
  const ids = CLIENTS.map((candidate) => candidate.id);
  const suggestion = suggest(id, ids) || ` Clients: ${ids.join(", ")}.`;
  throw new AppError(
    "invalid_argument",
    `There is no client "${id}".${suggestion}`,
    "For any other client, run `codex-mcp-server install cursor --print`.",
  );
}

/** Checks the server's name, from which clients build tool names. */
function checkName(name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(name)) return name;
  throw new AppError(
    "invalid_argument",
    `"${name}" cannot be the name of an entry.`,
    "Use letters, digits, _ and - only.",
  );
}

function readVariables(assignments: readonly string[]): Record<string, string> {
  const pairs = assignments.map((text) => {
    const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(text) ?? [];
    if (name !== undefined && value !== undefined) return [name, value] as const;
    throw new AppError(
      "invalid_argument",
      `--env takes NAME=value, not "${text}".`,
      "Use for example `--env CODEX_REASONING_EFFORT=high`.",
    );
  });
  return Object.fromEntries(pairs);
}

function describeEntry({ title, file, format, cli }: McpClient, name: string, entry: ServerEntry): string[] {
  const path = shortenHome(file(process.env));
  if (format.language === "toml") {
    return [`# ${title}: ${path}`, ...formatTomlTable(`${format.key}.${name}`, entryFields(format, entry))];
  }
  const command = cli === undefined ? "" : ` (or: ${cli.program} ${cli.add({ name, ...entry }).join(" ")})`;
  return [
    `// ${title}: ${path}${command}`,
    ...JSON.stringify({ [format.key]: { [name]: entryFields(format, entry) } }, null, 2).split("\n"),
  ];
}

function describeChange({ client, file, name, before, after, commands }: ClientChange): Text[] {
  const show = (mark: "+" | "-", entry: ServerEntry | undefined) => {
    if (entry === undefined) return [];
    const text = `"${name}": ${JSON.stringify(entryFields(client.format, withoutSecrets(entry)), null, 2)}`;
    return text.split("\n").map((line) => paint(`${mark} ${line}`, mark === "+" ? "green" : "red"));
  };
  const commandNames = commands.map(([program = "", ...args]) => [basename(program), ...args.slice(0, 2)].join(" "));
  return [
    `${client.title}, ${shortenHome(file)}${commandNames.length > 0 ? ` (with ${commandNames.join(", then ")})` : ""}:`,
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
    const stream = process.stdin.isTTY ? "stdout" : "stdin";
    const hint = "Add --yes to make this change without confirmation.";
    throw new AppError("invalid_argument", `Cannot ask for confirmation: ${stream} is not a terminal.`, hint);
  }
  // oxlint-disable-next-line no-restricted-properties -- asks the user for confirmation
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question("Make this change? [y/N] ");
  terminal.close();
  if (/^y(?:es)?$/i.test(answer.trim())) return true;
  printLines(["Nothing was changed."]);
  return false;
}
