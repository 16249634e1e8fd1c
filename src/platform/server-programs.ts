import { isAbsolute } from "node:path";
import { realPath } from "#base/paths.ts";
import { selfCommand } from "./self-command.ts";

/** Program of an MCP server that a command line starts. */
export type ServerProgram = "codex-mcp-server" | "codex mcp-server" | "other";

/**
 * Returns which program the command line of an MCP server starts: this one, Codex's own server (which Codex removed in 0.154), or
 * another. Only the program counts, not other arguments; launchers such as npx, env and `cmd /c` are skipped.
 */
export function identifyServer(command: string, args: readonly string[]): ServerProgram {
  const [program = "", ...rest] = skipLaunchers([command, ...args]);
  if (OWN_NAME.test(nameOf(program)) || isThisProgram(program)) return "codex-mcp-server";
  return isCodex(program) && startsServer(rest) ? "codex mcp-server" : "other";
}

const POWERSHELL_OPTIONS = ["-ExecutionPolicy", "-ep", "-WorkingDirectory", "-WindowStyle"];

/** Names of this program: its package, also with a version, and its builds. Others only begin as it does. */
const OWN_NAME =
  /^codex-mcp-server(?:@[^/\\]*|(?:-(?:linux|darwin|windows)-(?:x64|arm64)(?:-[a-z]+)*)?(?:\.(?:exe|cmd|ps1))?)$/i;

/** Launchers with their options that take a value. */
const LAUNCHERS = new Map<string, readonly string[]>([
  ["npx", ["-p", "--package", "--prefix", "-w", "--workspace"]],
  ["bunx", ["-p", "--package"]],
  ["pnpx", []],
  ["env", ["-u", "--unset", "-C", "--chdir"]],
  ["nice", ["-n", "--adjustment"]],
  ["nohup", []],
  ["exec", []],
  ["setsid", []],
  ["stdbuf", ["-i", "-o", "-e"]],
  ["node", ["-r", "--require", "--import", "--loader"]],
  ["bun", []],
  ["deno", []],
  ["wsl", ["-d", "--distribution", "-u", "--user", "--cd"]],
  ["cmd", []],
  ["npm", []],
  ["pnpm", []],
  ["yarn", []],
  ["mise", []],
  ["volta", ["--node", "--npm", "--pnpm", "--yarn"]],
  ["fnm", ["--using"]],
  ["asdf", []],
  ["nodenv", []],
  ["op", ["--env-file"]],
  ["doppler", ["-p", "--project", "-c", "--config"]],
  ["dotenvx", ["-f", "--env-file"]],
  ["sudo", ["-u", "--user", "-g", "--group"]],
  ["caffeinate", []],
  ["sh", []],
  ["bash", []],
  ["zsh", []],
  ["fish", []],
  ["powershell", POWERSHELL_OPTIONS],
  ["pwsh", POWERSHELL_OPTIONS],
]);

/** Words between a launcher and the program. */
const SUBCOMMANDS = new Set(["exec", "x", "dlx", "run", "start", "/c", "/d", "/s", "/q", "--"]);

/** Launchers whose program and arguments may stand in one argument. */
const SHELLS = new Set(["sh", "bash", "zsh", "fish", "cmd", "powershell", "pwsh"]);

/** Limit of launchers before a program, so that no command line takes long. */
const MAX_LAUNCHERS = 5;

function skipLaunchers(words: readonly string[]): readonly string[] {
  let rest = words;
  for (let count = 0; count < MAX_LAUNCHERS; count++) {
    const launcher = nameOf(rest[0] ?? "")
      .replace(/\.(?:exe|cmd|bat|ps1)$/i, "")
      .toLowerCase();
    const valued = LAUNCHERS.get(launcher);
    if (valued === undefined) return rest;
    let at = 1;
    const isShell = SHELLS.has(launcher);
    while (at < rest.length && isBeforeProgram(rest[at] ?? "", isShell)) {
      at += valued.includes(rest[at] ?? "") ? 2 : 1;
    }
    rest = isShell ? splitWords(rest.slice(at)) : rest.slice(at);
  }
  return rest;
}

function isBeforeProgram(word: string, isShell: boolean): boolean {
  return word.startsWith("-") || SUBCOMMANDS.has(word.toLowerCase()) || (!isShell && ASSIGNMENT.test(word));
}

/** Variable that is set before a program's name. */
const ASSIGNMENT = /^[A-Za-z_][A-Za-z0-9_]*=/;

function splitWords([script = "", ...more]: readonly string[]): string[] {
  const words = script.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? [];
  const unquoted = words.map((word) => word.replace(/"([^"]*)"|'([^']*)'/g, "$1$2"));
  const first = unquoted.findIndex((word) => !ASSIGNMENT.test(word));
  return first < 0 ? [] : [...unquoted.slice(first), ...more];
}

/** Returns the last part of a path of any system; a package of npm keeps its scope. */
function nameOf(program: string): string {
  return program.startsWith("@") ? program : (program.split(/[/\\]/).at(-1) ?? "");
}

/** Returns whether a program is this one: its binary, or its `main.ts` when it runs from source. */
function isThisProgram(program: string): boolean {
  const path = isAbsolute(program) ? program : Bun.which(program);
  return path !== null && path !== "" && realPath(path) === realPath(selfCommand().at(-1) ?? "");
}

function isCodex(program: string): boolean {
  return (
    /^@openai\/codex(?:@|$)/.test(program) ||
    /^codex(?:\.(?:exe|cmd|bat|ps1|js)|-(?:x86_64|aarch64|x64|arm64|linux|darwin|win32)[^/\\]*)?$/i.test(
      nameOf(program),
    )
  );
}

/** Codex's options that take a value. */
const CODEX_OPTIONS =
  /^(?:-[cmpsaCi]|--(?:config|model|profile|sandbox|ask-for-approval|cd|image|enable|disable|local-provider|add-dir))$/;

/** Returns whether Codex's arguments start its server: `mcp-server`, or before 0.40 `mcp` alone. */
function startsServer(args: readonly string[]): boolean {
  let at = 0;
  while (at < args.length && args[at]?.startsWith("-")) at += CODEX_OPTIONS.test(args[at] ?? "") ? 2 : 1;
  const [subcommand, next] = args.slice(at);
  return subcommand === "mcp-server" || (subcommand === "mcp" && (next === undefined || next === "serve"));
}
