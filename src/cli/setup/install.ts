import { AppError } from "#base/errors.ts";
import { defineCommand } from "#cli/framework/command.ts";
import { suggest } from "#base/nearest.ts";
import { shortenHome } from "#base/paths.ts";
import { printLines } from "#cli/terminal/output.ts";
import { paint } from "#cli/terminal/style.ts";
import { clientFile, type McpClient } from "#install/clients/client.ts";
import { CLIENTS } from "#install/clients/client-table.ts";
import { thisMachine } from "#install/clients/machine.ts";
import { ask, canAsk } from "./ask.ts";
import { chooseClients, listClients } from "./choose-clients.ts";
import { describeChange } from "./describe-change.ts";

export const installCommand = defineCommand({
  name: "install",
  group: "clients",
  summary: "Add this server to an MCP client",
  details:
    "Without a client, shows which clients are installed here and offers them. Otherwise shows the change and asks for confirmation, " +
    "keeps a copy of the client's file (.bak), and leaves everything else unchanged: other entries, comments, and the entry's own " +
    "timeouts and variables. An entry that starts `codex mcp-server`, which Codex removed in 0.154, is changed to this server.",
  operands: { usage: "[<client>]", min: 0, max: 1, kind: "client" },
  options: {
    name: {
      type: "string",
      placeholder: "name",
      summary: "Name of the entry (default: that of an entry for this server or `codex mcp-server`, else codex)",
    },
    env: {
      type: "string",
      multiple: true,
      short: "e",
      placeholder: "NAME=value",
      summary: "Set an environment variable for the server",
    },
    project: { type: "boolean", summary: "Use the client's file for the project in the current folder" },
    print: { type: "boolean", summary: "Print the entry and change nothing" },
    yes: { type: "boolean", short: "y", summary: "Do not ask for confirmation" },
    force: { type: "boolean", summary: "Replace or remove an entry that starts another program" },
    uninstall: { type: "boolean", summary: "Remove the entry" },
  },
  examples: [
    ["install", "Show the clients that are installed here, and choose some"],
    ["install claude-code", "Add the server to Claude Code, for all projects"],
    ["install claude-code --project", "Add the server to .mcp.json in the current folder"],
    ["install cursor --env CODEX_REASONING_EFFORT=high", "Set a variable for the server"],
    ["install vscode --print", "Print the entry for VS Code's mcp.json"],
    ["install codex --uninstall", "Remove the server from Codex's configuration"],
  ],
  run: async ({ options, operands: [id] }) => {
    const settings = { ...options, env: readVariables(options.env), name: options.name };
    if (id !== undefined) return setUp(getClient(id), settings);
    if (!canAsk()) return listClients(options.project);
    let exitCode = 0;
    for (const client of await chooseClients(options.project)) {
      // oxlint-disable-next-line no-await-in-loop -- asks for one client after the other
      exitCode = Math.max(exitCode, await setUp(client, settings));
    }
    return exitCode;
  },
});

/** Settings of an installation. */
interface InstallSettings {
  name: string | undefined;
  env: Record<string, string>;
  project: boolean;
  print: boolean;
  yes: boolean;
  force: boolean;
  uninstall: boolean;
}

async function setUp(client: McpClient, settings: InstallSettings): Promise<number> {
  const { name, env, project, force, uninstall } = settings;
  // Loaded here, since no other command needs the parsers of the clients' files.
  const { applyChange, formatEntry, ownEntry, planChange } = await import("#install/set-up-client.ts");
  const path = clientFile(client, thisMachine(process.env), project ? process.cwd() : undefined);
  if (path === undefined) {
    const hint = `Run \`codex-mcp-server install ${client.id}\` to add the server for all projects.`;
    throw new AppError("invalid_argument", `${client.title} has no file for the servers of a project.`, hint);
  }
  const entry = ownEntry(env, process.env["PATH"], project);
  if (settings.print) {
    const mark = client.format.language === "json" ? "//" : "#";
    printLines([`${mark} ${client.title}: ${shortenHome(path)}`, ...formatEntry(client, entry, name)]);
    return 0;
  }
  const change = planChange({ client, path, name, entry: uninstall ? undefined : entry, force });
  if (change === undefined) {
    const named = name === undefined ? "" : ` as "${name}"`;
    const state = uninstall ? `does not have this server${named}` : `already has this server${named}`;
    printLines([`${client.title} ${state}. Nothing was changed.`]);
    return 0;
  }
  printLines(describeChange(change));
  if (!settings.yes && !(await confirm())) return 1;
  const backup = applyChange(change);
  const kept = backup === undefined ? [] : [`The previous file is kept as ${shortenHome(backup)}.`];
  printLines([paint("Done.", "green"), ...kept, ...(uninstall ? [] : [client.afterwards])]);
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

async function confirm(): Promise<boolean> {
  if (!canAsk()) {
    const stream = process.stdin.isTTY ? "stdout" : "stdin";
    const hint = "Add --yes to make this change without confirmation.";
    throw new AppError("invalid_argument", `Cannot ask for confirmation: ${stream} is not a terminal.`, hint);
  }
  if (/^y(?:es)?$/i.test(await ask("Make this change? [y/N] "))) return true;
  printLines(["Nothing was changed."]);
  return false;
}
