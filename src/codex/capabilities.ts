import { statSync } from "node:fs";
import type { Config } from "#base/config.ts";
import { AppError } from "#base/errors.ts";
import type { CodexProgram } from "./locate.ts";
import { hasAppServerProtocol } from "./engines/protocol-probe.ts";
import { runCodexProbe } from "./probe.ts";

/** Capabilities of an installed Codex CLI. */
export interface CodexCapabilities {
  /** Version that Codex reports, e.g. `0.169.0`; undefined if it reports none. */
  version: string | undefined;
  /** Options and subcommands of `codex exec`, e.g. `--json`, `resume`. */
  words: string[];
  /** Whether its app-server can run tasks. */
  hasAppServer: boolean;
  /** Whether a socket of the app-server can have a path of any length. */
  hasShortSockets: boolean;
}

/**
 * Oldest Codex version that supports all required features (tested: 0.40 to 0.169). Versions before 0.44 lack the required events; 0.92 and
 * older do not apply the requested sandbox to a resumed session.
 */
const OLDEST_VERSION = "0.98.0";
/** First Codex version whose app-server lists the items of a turn in its stable protocol. */
const APP_SERVER_VERSION = "0.153.0";
/** First Codex version that puts sockets into a folder with a short path, and a link to the place that was asked for. */
const SHORT_SOCKETS_VERSION = "0.156.0";
const TOO_OLD = `is too old; version ${OLDEST_VERSION} or newer is needed`;

/**
 * Asks a Codex CLI for its version, for the arguments of `codex exec`, and for the protocol of its app-server.
 * @throws AppError `codex_missing` if it cannot be started or is not Codex
 */
export async function probeCapabilities(config: Config, program: CodexProgram): Promise<CodexCapabilities> {
  const [version, help, hasProtocol] = await Promise.all([
    runProbe(config, program, ["--version"]),
    runProbe(config, program, ["exec", "--help"]),
    hasAppServerProtocol(config, program),
  ]);
  if (help.exitCode !== 0) {
    throw new AppError(
      "codex_missing",
      `${program.path} is not a working Codex CLI: ${firstLine(help.stderr || version.stderr) || `exit status ${help.exitCode}`}.`,
      "Reinstall it (npm install -g @openai/codex), or set CODEXMCP_CODEX_BIN to another Codex CLI.",
    );
  }
  const number = /\d+\.\d+\.\d+\S*/.exec(version.stdout)?.[0];
  const isFrom = (first: string) => number !== undefined && Bun.semver.order(number, first) >= 0;
  return {
    version: number,
    words: parseHelp(help.stdout),
    hasAppServer: hasProtocol && isFrom(APP_SERVER_VERSION),
    hasShortSockets: isFrom(SHORT_SOCKETS_VERSION),
  };
}

/**
 * Returns the reason why a Codex CLI cannot be used with these arguments; undefined if it can, or if its help lists no arguments.
 * @param path path of the CLI, for the message
 */
export function findIncompatibility(
  { version, words }: CodexCapabilities,
  args: readonly string[],
  path: string,
): AppError | undefined {
  const isTooOld = version !== undefined && Bun.semver.order(version, OLDEST_VERSION) < 0;
  const missing = missingWords(words, args);
  if (!isTooOld && missing.length === 0) return undefined;
  const lacks = `does not support ${missing.join(", ")}, which this server uses`;
  return new AppError(
    "codex_incompatible",
    `The Codex CLI ${version ?? "(unknown version)"} at ${path} ${isTooOld ? TOO_OLD : lacks}.`,
    "Update it (npm install -g @openai/codex@latest), or set CODEXMCP_CODEX_BIN to another Codex CLI.",
  );
}

/** Returns the words of these arguments that a Codex CLI does not know; empty if its help lists none. */
function missingWords(words: readonly string[], args: readonly string[]): string[] {
  if (words.length === 0) return [];
  const needed = args.filter((word) => word.startsWith("--") || word === "resume" || word === "fork");
  return [...new Set(needed.map((word) => word.replace(/=.*$/s, "")))].filter((word) => !words.includes(word));
}

/** Describes in one line the inputs that a probe's result depends on: this exact program. */
export function describeProgram(program: CodexProgram): string {
  const { size, mtimeMs, ino } = statSync(program.path);
  return JSON.stringify([program.path, size, mtimeMs, ino]);
}

/** Extracts options and subcommands from clap's help, where they come first on their lines. */
function parseHelp(help: string): string[] {
  const found = help.matchAll(/^\s+(?:-\w, )?(--[a-z][\w-]*)|^ {2}([a-z][\w-]*)(?= {2}|$)/gm);
  return [...found].map(([, option, command]) => option ?? command ?? "");
}

interface ProbeOutput {
  exitCode: number;
  stdout: string;
  stderr: string;
}

async function runProbe(config: Config, program: CodexProgram, args: readonly string[]): Promise<ProbeOutput> {
  try {
    const { exitCode = -1, stdout, stderr } = await runCodexProbe(config, program, args);
    return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
  } catch (error) {
    return { exitCode: -1, stdout: "", stderr: error instanceof Error ? error.message : String(error) };
  }
}

function firstLine(text: string): string {
  return text.trim().split("\n")[0] ?? "";
}
