import { statSync } from "node:fs";
import type { Config } from "#base/config.ts";
import { AppError } from "#base/errors.ts";
import type { CodexProgram } from "./locate.ts";
import { runCodexProbe } from "./run-probe.ts";

/** What an installed Codex CLI can be asked for. */
export interface CodexCapabilities {
  /** As it says itself, e.g. `0.169.0`; undefined where it says nothing of the kind. */
  version: string | undefined;
  /** The options and subcommands of `codex exec`, e.g. `--json`, `resume`. */
  words: string[];
}

/**
 * The oldest Codex that does all that is relied on (tried: 0.40 to 0.169). Before 0.44 it has no such
 * events; 0.92 and older do not give a resumed session the sandbox that it is asked for.
 */
const OLDEST_VERSION = "0.98.0";
const TOO_OLD = `it is too old, ${OLDEST_VERSION} is the oldest that this server works with`;

/**
 * Asks a Codex CLI for its version and for what `codex exec` takes.
 * @throws AppError `codex_missing` where it cannot be started, or is no Codex
 */
export async function probeCapabilities(config: Config, program: CodexProgram): Promise<CodexCapabilities> {
  const [version, help] = await Promise.all([
    ask(config, program, ["--version"]),
    ask(config, program, ["exec", "--help"]),
  ]);
  if (help.exitCode !== 0) {
    throw new AppError(
      "codex_missing",
      `${program.path} does not answer like the Codex CLI: ${firstLine(help.stderr || version.stderr) || `exit status ${help.exitCode}`}`,
      "Install it anew (npm install -g @openai/codex), or point CODEXMCP_CODEX_BIN at another one.",
    );
  }
  return { version: /\d+\.\d+\.\d+\S*/.exec(version.stdout)?.[0], words: readWords(help.stdout) };
}

/**
 * Returns why a Codex CLI cannot be used with these arguments; undefined where it can, or does not tell.
 * @param path where it is, for the words
 */
export function whyIncompatible(
  { version, words }: CodexCapabilities,
  args: readonly string[],
  path: string,
): AppError | undefined {
  const isTooOld = version !== undefined && Bun.semver.order(version, OLDEST_VERSION) < 0;
  const missing = missingWords(words, args);
  if (!isTooOld && missing.length === 0) return undefined;
  const lacks = `its \`exec\` has no ${missing.join(", ")}`;
  return new AppError(
    "codex_incompatible",
    `The Codex CLI ${version ?? "(unknown version)"} at ${path} cannot be used: ${isTooOld ? TOO_OLD : lacks}.`,
    "Update it (npm install -g @openai/codex@latest), or point CODEXMCP_CODEX_BIN at another one.",
  );
}

/** The words of these arguments that a Codex CLI does not know; one whose help names none does not tell. */
function missingWords(words: readonly string[], args: readonly string[]): string[] {
  if (words.length === 0) return [];
  const needed = args.filter((word) => word.startsWith("--") || word === "resume");
  return [...new Set(needed.map((word) => word.replace(/=.*$/s, "")))].filter((word) => !words.includes(word));
}

/** Returns what a probe's answer depends on, as one line: this very program. */
export function describeProgram(program: CodexProgram): string {
  const { size, mtimeMs, ino } = statSync(program.path);
  return JSON.stringify([program.path, size, mtimeMs, ino]);
}

/** clap's help: options and subcommands stand first in their lines. */
function readWords(help: string): string[] {
  const found = help.matchAll(/^\s+(?:-\w, )?(--[a-z][\w-]*)|^ {2}([a-z][\w-]*)(?= {2}|$)/gm);
  return [...found].map(([, option, command]) => option ?? command ?? "");
}

interface Answer {
  exitCode: number;
  stdout: string;
  stderr: string;
}

async function ask(config: Config, program: CodexProgram, args: readonly string[]): Promise<Answer> {
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
