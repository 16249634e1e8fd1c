import { codexArguments, type CodexRequest } from "#codex/process.ts";
import {
  type CodexCapabilities,
  describeProgram,
  probeCapabilities,
  findIncompatibility,
} from "#codex/capabilities.ts";
import { checkProfile } from "#codex/config-files.ts";
import { locateCodex } from "#codex/locate.ts";
import type { Config } from "#base/config.ts";
import { IS_WINDOWS } from "#base/system.ts";
import { AppError } from "#base/errors.ts";
import { logger } from "#base/log.ts";
import type { CodexFacts } from "#domain/provenance.ts";
import { codexProbeCache } from "#store/probe-cache.ts";

/**
 * Checks that the installed Codex accepts every argument of a run. Asks the program once and caches the answer until
 * the program changes.
 * @throws AppError `codex_incompatible`, `unknown_profile`
 */
export async function checkCodexTakes(config: Config, request: CodexRequest): Promise<void> {
  const capabilities = await findCapabilities(config, request);
  if (request.profile !== undefined) checkProfile(config.codexHome, request.profile, capabilities?.version);
}

/** Returns the engine for a run: the configured one if the installed Codex is known to have it. */
export function chooseEngine(config: Config): Config["engine"] {
  if (config.engine === "exec" || IS_WINDOWS) return "exec";
  return recallIfAny(config)?.hasAppServer === true ? "app-server" : "exec";
}

/** Length of the longest path of a unix socket, in bytes: that of macOS, which is shorter than that of Linux. */
const MAX_SOCKET_PATH = 103;

/** Returns whether the installed Codex's app-server can open a socket at a path. */
export function canListenAt(config: Config, path: string): boolean {
  return recallIfAny(config)?.hasShortSockets === true || Buffer.byteLength(path) <= MAX_SOCKET_PATH;
}

/**
 * Checks that a request that only the app-server can carry out will run in it.
 * @param what the request's part, as its parameter is named
 * @throws AppError `engine_needed`
 */
export function checkHasAppServer(config: Config, what: string): void {
  if (chooseEngine(config) === "app-server") return;
  const isChosen = config.engine === "exec";
  const why = isChosen ? "CODEXMCP_ENGINE=exec is set" : "the installed Codex has none that this server can use";
  throw new AppError(
    "engine_needed",
    `${what} needs Codex's app-server, but ${why}.`,
    isChosen ? `Unset CODEXMCP_ENGINE, or omit ${what}.` : `Update Codex to 0.153 or newer, or omit ${what}.`,
  );
}

function recallIfAny(config: Config): CodexCapabilities | undefined {
  try {
    return recall(config);
  } catch {
    return undefined; // Codex is missing: its start says so
  }
}

/** Returns what is known about the Codex program that a run is about to use, without starting it. */
export function identifyCodex(config: Config): CodexFacts {
  try {
    const version = recall(config)?.version;
    const codex_program = describeProgram(locateCodex(config));
    return { ...(version !== undefined && { codex_version: version }), codex_program };
  } catch {
    return {}; // Codex is missing: its start says so
  }
}

/** Forgets what the installed Codex can do: it was asked again if it did not do it. */
export function forgetCapabilities({ home }: Config): void {
  codexProbeCache.forget(home);
}

/** Returns the capabilities of the installed Codex, which accepts the request's arguments; undefined if it does not tell them. */
async function findCapabilities(config: Config, request: CodexRequest): Promise<CodexCapabilities | undefined> {
  const args = codexArguments(request);
  const { path } = locateCodex(config);
  const known = recall(config);
  if (known !== undefined && findIncompatibility(known, args, path) === undefined) return known;
  // Behind a version manager's shim, the program may have changed unnoticed: ask again before refusing because of the cache.
  const capabilities = await readCapabilities(config).catch(() => undefined);
  // If the program does not answer, start it anyway: its own error message then explains the problem.
  const fault = capabilities === undefined ? undefined : findIncompatibility(capabilities, args, path);
  if (fault !== undefined) throw fault;
  return capabilities;
}

/**
 * Asks the program again and caches the answer.
 * @throws AppError `codex_missing`
 */
async function readCapabilities(config: Config): Promise<CodexCapabilities> {
  const program = locateCodex(config);
  const capabilities = await probeCapabilities(config, program);
  try {
    codexProbeCache.write(config.home, describeProgram(program), capabilities);
  } catch (error) {
    logger("app").warn`the capabilities of Codex could not be recorded: ${String(error)}`;
  }
  return capabilities;
}

function recall(config: Config): CodexCapabilities | undefined {
  try {
    const known = codexProbeCache.read(config.home, describeProgram(locateCodex(config)));
    return known === undefined ? undefined : { ...known, version: known.version };
  } catch (error) {
    if (error instanceof AppError) throw error;
    return undefined;
  }
}
