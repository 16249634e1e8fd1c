import { accessSync, constants, realpathSync } from "node:fs";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import type { Config } from "#base/config.ts";
import { AppError } from "#base/errors.ts";
import { pathExists } from "#base/paths.ts";
import { IS_WINDOWS } from "#base/system.ts";

/** Codex program that can be started. */
export interface CodexProgram {
  path: string;
  /** Variables that it needs in addition to the user's environment. */
  environment: Record<string, string>;
}

/** npm's launcher; the real program is at `<package>/vendor/<triple>/bin/codex`. */
const LAUNCHER = join("@openai", "codex", "bin", "codex.js");
/** Script that npm installs beside the packages on Windows, instead of a link to the launcher. */
const WINDOWS_SCRIPT = /[\\/]codex\.(?:cmd|ps1)$/i;
const PLATFORMS: Record<string, { package: string; triple: string }> = {
  "linux-x64": { package: "codex-linux-x64", triple: "x86_64-unknown-linux-musl" },
  "linux-arm64": { package: "codex-linux-arm64", triple: "aarch64-unknown-linux-musl" },
  "darwin-x64": { package: "codex-darwin-x64", triple: "x86_64-apple-darwin" },
  "darwin-arm64": { package: "codex-darwin-arm64", triple: "aarch64-apple-darwin" },
  "win32-x64": { package: "codex-win32-x64", triple: "x86_64-pc-windows-msvc" },
  "win32-arm64": { package: "codex-win32-arm64", triple: "aarch64-pc-windows-msvc" },
};

/**
 * Finds the Codex CLI. If it is npm's launcher, returns the program behind it: that saves a Node process (77 ms and 50 MB per task), and
 * the pid we watch is Codex's own.
 * @throws AppError `codex_missing`
 */
export function locateCodex(config: Config): CodexProgram {
  const found = Bun.which(config.codexBinary, { PATH: config.environment["PATH"] ?? "" });
  if (found === null) throw codexMissing(config.codexBinary);
  return nativeProgram(found) ?? { path: found, environment: {} };
}

/** Lists all Codex programs found in PATH, the configured one first; programs reached through several links are listed once. */
export function listCodexPrograms(config: Config): CodexProgram[] {
  const folders = (config.environment["PATH"] ?? "").split(delimiter).filter(isAbsolute);
  const names = [config.codexBinary, ...folders.map((folder) => join(folder, "codex"))];
  const found = names.map((name) => Bun.which(name, { PATH: config.environment["PATH"] ?? "" }));
  const programs = found.flatMap((path) => (path === null ? [] : (nativeProgram(path) ?? { path, environment: {} })));
  return [...new Map(programs.map((program) => [realpathSync(program.path), program])).values()];
}

function codexMissing(name: string): AppError {
  const isPath = /[\\/]/.test(name);
  return new AppError(
    "codex_missing",
    isPath ? `There is no program at ${name}.` : `The Codex CLI ("${name}") is not in this server's PATH.`,
    isPath
      ? "Correct CODEXMCP_CODEX_BIN in the MCP client's configuration of this server."
      : "Install it (npm install -g @openai/codex), or set CODEXMCP_CODEX_BIN to its full path: MCP clients often start servers with a short PATH.",
  );
}

function nativeProgram(found: string): CodexProgram | undefined {
  const platform = PLATFORMS[`${process.platform}-${process.arch}`];
  const launcher = launcherOf(found);
  if (platform === undefined || !launcher.endsWith(LAUNCHER)) return undefined;
  const packageRoot = dirname(dirname(launcher));
  const packages = [
    join(packageRoot, "node_modules", "@openai", platform.package),
    join(dirname(packageRoot), platform.package),
    packageRoot,
  ];
  const path = packages.map((folder) => join(folder, "vendor", platform.triple, "bin", PROGRAM)).find(isProgram);
  if (path === undefined) return undefined;
  return { path, environment: { CODEX_MANAGED_PACKAGE_ROOT: packageRoot, CODEX_MANAGED_BY_NPM: "1" } };
}

/**
 * Returns the launcher that a command in PATH leads to.
 * @param found path as returned by `which`
 */
export function launcherOf(found: string): string {
  return WINDOWS_SCRIPT.test(found) ? join(dirname(found), "node_modules", LAUNCHER) : realpathSync(found);
}

const PROGRAM = IS_WINDOWS ? "codex.exe" : "codex";

function isProgram(path: string): boolean {
  if (!pathExists(path)) return false;
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
