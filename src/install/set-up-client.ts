import { chmodSync, copyFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { hasLost, readServers, withServer } from "./client-file.ts";
import { type ClientCli, CLIENTS, type McpClient, type NamedEntry, type ServerEntry } from "./client-table.ts";
import type { Environment } from "#base/config.ts";
import { AppError } from "#base/errors.ts";
import { makePrivateFolder, prepareFile } from "#platform/files/files.ts";
import { readOptionalText } from "#platform/files/read-file.ts";
import { pathExists, realPath } from "#base/paths.ts";
import { selfCommand } from "#platform/self-command.ts";
import { type ProgramResult, runProgram } from "#platform/start/run-program.ts";

/** Change that adds this server to a client or removes it. */
export interface ClientChange {
  client: McpClient;
  /** The client's file, with links resolved. */
  file: string;
  name: string;
  before: ServerEntry | undefined;
  after: ServerEntry | undefined;
  /** Command lines of the client itself that make the change, in order; empty if its file is edited. */
  commands: string[][];
}

/**
 * Plans a change without carrying it out.
 * @param after undefined: remove the entry
 * @returns undefined if the client is in that state already
 * @throws AppError `client_file_unreadable`, `client_missing`
 */
export function planChange(
  client: McpClient,
  name: string,
  after: ServerEntry | undefined,
  environment: Environment,
): ClientChange | undefined {
  const file = realPath(client.file(environment));
  const before = readServers(readOptionalText(file) ?? "", client.format, file).get(name);
  if (isSame(before, after)) return undefined;
  return { client, file, name, before, after, commands: commandsFor(client, name, before, after, environment) };
}

function commandsFor(
  { cli, title }: McpClient,
  name: string,
  before: ServerEntry | undefined,
  after: ServerEntry | undefined,
  environment: Environment,
): string[][] {
  if (cli === undefined) return [];
  const program = findClientCli(cli, environment);
  if (program === undefined) {
    throw new AppError(
      "client_missing",
      `${title} is configured by its command ${cli.program}, which is not in PATH.`,
      "Install it, or add the entry that --print shows by hand.",
    );
  }
  const remove = before === undefined ? [] : [[program, ...cli.remove(name)]];
  return after === undefined ? remove : [...remove, [program, ...cli.add({ name, ...after })]];
}

/**
 * Applies a change, keeping a copy of the client's file beside it.
 * @returns path of the copy; undefined if there was no file
 * @throws AppError `client_failed`, `client_file_unreadable`, after restoring the file
 */
export async function applyChange(change: ClientChange, environment: Environment): Promise<string | undefined> {
  const { file, client, name, after, commands } = change;
  const backup = backUp(file);
  if (commands.length > 0) {
    const before = readOptionalText(file) ?? "";
    try {
      await runAll(commands, environment);
      // `codex mcp add` drops the comments of existing servers (seen in 0.169).
      const isHarmed = hasLost(before, readOptionalText(file) ?? "", client.format, name);
      if (isHarmed) replaceContent(file, withServer(before, client.format, name, after, file));
    } catch (error) {
      if (backup !== undefined) copyFileSync(backup, file);
      throw error;
    }
    return backup;
  }
  makePrivateFolder(dirname(file));
  replaceContent(file, withServer(readOptionalText(file) ?? "", client.format, name, after, file));
  return backup;
}

function replaceContent(file: string, content: string): void {
  const mode = statSync(file, { throwIfNoEntry: false })?.mode;
  prepareFile(file, content).publish();
  if (mode !== undefined) chmodSync(file, mode & 0o777);
}

async function runAll(commands: string[][], environment: Environment): Promise<void> {
  for (const [program = "", ...args] of commands) await runClientCli(program, args, environment);
}

function backUp(file: string): string | undefined {
  if (!pathExists(file)) return undefined;
  const stamp = new Date().toISOString().replaceAll(/[-:]|\..*/g, "");
  const backup = `${file}.${stamp}.bak`;
  copyFileSync(file, backup);
  return backup;
}

/** Client and the command with which it starts one of our servers. */
export interface ConfiguredClient {
  client: McpClient;
  file: string;
  entries: NamedEntry[];
}

/** Lists the clients whose files contain this program, under any name; unreadable files are skipped. */
export function listConfigured(environment: Environment): ConfiguredClient[] {
  return CLIENTS.flatMap((client) => {
    const file = realPath(client.file(environment));
    try {
      const servers = readServers(readOptionalText(file) ?? "", client.format, file);
      const entries = [...servers.values()].filter(({ command }) => command.includes("codex-mcp-server"));
      return entries.length === 0 ? [] : [{ client, file, entries }];
    } catch {
      return [];
    }
  });
}

/** Returns the entry with which a client starts this program: by the name in PATH that leads to it, so that updates take effect. */
export function ownEntry(env: Record<string, string>, environment: Environment): ServerEntry {
  const [program, ...args] = selfCommand();
  const inPath = Bun.which("codex-mcp-server", { PATH: environment["PATH"] ?? "" });
  const command = inPath !== null && realPath(inPath) === realPath(program) ? inPath : program;
  return { command, args, env };
}

function isSame(a: ServerEntry | undefined, b: ServerEntry | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.command === b.command && Bun.deepEquals([a.args, a.env], [b.args, b.env]);
}

/** Timeout of a client's command line, in milliseconds; some start slowly. */
const CLI_DEADLINE_MS = 60_000;

/** Returns the path of a client's command line; undefined if it is not in PATH. */
function findClientCli({ program }: ClientCli, environment: Environment): string | undefined {
  return Bun.which(program, { PATH: environment["PATH"] ?? "" }) ?? undefined;
}

/**
 * Runs a client's command line.
 * @throws AppError `client_failed` with its output
 */
async function runClientCli(program: string, args: readonly string[], environment: Environment): Promise<void> {
  const run = await runProgram({
    command: [program, ...args],
    folder: process.cwd(),
    environment,
    deadlineMs: CLI_DEADLINE_MS,
  });
  if (run.exitCode === 0) return;
  const said = describeEnd(run);
  throw new AppError(
    "client_failed",
    `${program} ${args.slice(0, 2).join(" ")} failed: ${said}`,
    "Run it by hand to see more, or add the entry that --print shows yourself.",
  );
}

function describeEnd({ exitCode, signal, timedOut, stdout, stderr }: ProgramResult): string {
  if (timedOut) return `it took longer than ${CLI_DEADLINE_MS / 1000} s`;
  const said = stderr.toString().trim() || stdout.toString().trim();
  return said.split("\n").slice(-3).join(" ") || (signal ?? `exit status ${exitCode}`);
}
