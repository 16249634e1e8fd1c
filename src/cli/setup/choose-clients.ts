import { AppError } from "#base/errors.ts";
import { suggest } from "#base/nearest.ts";
import { shortenHome } from "#base/paths.ts";
import { printLines, terminalWidth } from "#cli/terminal/output.ts";
import { formatTable } from "#cli/terminal/table.ts";
import { clientFile, isInstalled, type McpClient } from "#install/clients/client.ts";
import { CLIENTS } from "#install/clients/client-table.ts";
import { thisMachine } from "#install/clients/machine.ts";
import { ask } from "./ask.ts";

/** Lists the clients that are installed here, and the names of the others. @returns the exit code */
export async function listClients(isProject: boolean): Promise<number> {
  await printClients(findClients(isProject), isProject);
  printLines(["", "Run `codex-mcp-server install <client>` to add this server to one of them."]);
  return 0;
}

/** Lists the clients that are installed here and asks which ones to set up. */
export async function chooseClients(isProject: boolean): Promise<McpClient[]> {
  const installed = findClients(isProject);
  await printClients(installed, isProject);
  const answer = await ask("\nClients to set up (numbers or names, nothing for none): ");
  const words = answer.split(/[\s,]+/).filter((word) => word !== "");
  if (words.length === 0) printLines(["Nothing was changed."]);
  return [...new Set(words.map((word) => getChoice(word, installed)))];
}

function getChoice(word: string, installed: readonly McpClient[]): McpClient {
  const client = installed[Number(word) - 1] ?? CLIENTS.find(({ id }) => id === word);
  if (client !== undefined) return client;
  const message = `There is no client "${word}".${suggest(
    word,
    CLIENTS.map(({ id }) => id),
  )}`;
  throw new AppError("invalid_argument", message, "Run `codex-mcp-server install` again, and choose from its list.");
}

function findClients(isProject: boolean): McpClient[] {
  const machine = thisMachine(process.env);
  const usable = CLIENTS.filter(({ projectFiles }) => !isProject || projectFiles !== undefined);
  return usable.filter((client) => isInstalled(client, machine));
}

async function printClients(installed: readonly McpClient[], isProject: boolean): Promise<void> {
  const machine = thisMachine(process.env);
  const rows = await Promise.all(
    installed.map(async (client, index) => {
      const file = clientFile(client, machine, isProject ? process.cwd() : undefined) ?? "";
      return [String(index + 1), client.id, client.title, shortenHome(file), await describeState(client, file)];
    }),
  );
  const others = CLIENTS.filter((client) => !installed.includes(client)).map(({ id }) => id);
  const columns = [
    { title: "", align: "right" as const },
    { title: "CLIENT" },
    { title: "" },
    { title: "FILE", isFlexible: true },
    { title: "SERVER", isFlexible: true },
  ];
  printLines([
    ...(rows.length === 0 ? ["No MCP client was found on this machine."] : formatTable(columns, rows, terminalWidth())),
    "",
    `${isProject ? "Not found, or without a file for projects" : "Not found"}: ${others.join(", ")}.`,
    "For any other client, use the entry that `codex-mcp-server install cursor --print` prints.",
  ]);
}

async function describeState(client: McpClient, file: string): Promise<string> {
  // Loaded here, since no other command needs the parsers of the clients' files.
  const { readEntries } = await import("#install/list-configured.ts");
  try {
    const entries = readEntries(client, file);
    const names = entries.map(({ name, kind }) => (kind === "ours" ? name : `${name} (codex mcp-server, removed)`));
    return names.join(", ") || "-";
  } catch {
    return "unreadable";
  }
}
