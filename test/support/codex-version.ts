import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const PROJECT = join(import.meta.dir, "..", "..");

/** Version of Codex that a whole run of the tests uses instead of the pinned one. */
export const TESTED_VERSION = process.env["CODEXMCP_TEST_CODEX"];

/** Versions kept in the cache; about 100 MB for the first and 320 MB for each of the others. */
export const EARLIER_VERSIONS = ["0.98.0", "0.152.0", "0.153.0"] as const;

/** Time that a download may take, in milliseconds. */
const INSTALL_TIMEOUT_MS = 300_000;

/** Model that works in code mode, and that each tested version with code mode knows. */
export const CODE_MODE_MODEL = "gpt-5.6-sol";

/** Returns whether the tested Codex is at least of this version. */
export function isCodexFrom(version: string): boolean {
  return TESTED_VERSION === undefined || Bun.semver.order(TESTED_VERSION, version) >= 0;
}

/** Whether the tested Codex has code mode. */
export const HAS_CODE_MODE = isCodexFrom("0.152.0");

/** Gives Codex a profile: a file of its own, or in earlier versions a table. */
export function writeProfile(codexHome: string, name: string, settings: string): void {
  if (isCodexFrom("0.134.0")) writeFileSync(join(codexHome, `${name}.config.toml`), `${settings}\n`);
  else appendFileSync(join(codexHome, "config.toml"), `\n[profiles.${name}]\n${settings}\n`);
}

/**
 * Returns the path of a Codex CLI, by npm's launcher as users have it: the pinned one, or that of a version, which is installed from npm
 * into the user's cache at its first use.
 * @throws if it cannot be installed
 */
export function codexOf(version: string | undefined): string {
  if (version === undefined) return join(PROJECT, "node_modules", ".bin", "codex");
  if (!/^\d+\.\d+\.\d+$/.test(version)) throw new Error("CODEXMCP_TEST_CODEX must be a version such as 0.98.0.");
  const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "codex-mcp-server-tests");
  const folder = join(cache, `codex-${version}`);
  if (!existsSync(folder)) install(version, cache, folder);
  return join(folder, "node_modules", ".bin", "codex");
}

function install(version: string, cache: string, folder: string): void {
  mkdirSync(cache, { recursive: true, mode: 0o700 });
  // Test files run side by side: each installs for itself, and the first that is done is used by all.
  const own = mkdtempSync(`${folder}-`);
  try {
    const options = ["--prefix", own, "--no-audit", "--no-fund", "--silent"];
    const { exitCode, stderr } = Bun.spawnSync(["npm", "install", ...options, `@openai/codex@${version}`], {
      timeout: INSTALL_TIMEOUT_MS,
    });
    if (exitCode !== 0) throw new Error(`Codex ${version} cannot be installed from npm: ${stderr.toString()}`);
    removeOtherSystems(own);
    if (!existsSync(folder)) renameSync(own, folder);
    removeOtherVersions(cache, version);
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

/** Early packages have the programs of all systems: 400 MB. */
function removeOtherSystems(prefix: string): void {
  const vendor = join(prefix, "node_modules", "@openai", "codex", "vendor");
  if (!existsSync(vendor)) return;
  const machine = process.arch === "arm64" ? "aarch64" : "x86_64";
  const system = process.platform === "darwin" ? "apple-darwin" : "linux-musl";
  for (const name of readdirSync(vendor)) {
    if (!name.startsWith(machine) || !name.endsWith(system)) rmSync(join(vendor, name), { recursive: true });
  }
}

function removeOtherVersions(cache: string, version: string): void {
  const kept = new Set([...EARLIER_VERSIONS, version].map((each) => `codex-${each}`));
  for (const name of readdirSync(cache)) {
    // One that is being installed has a longer name.
    if (/^codex-\d+\.\d+\.\d+$/.test(name) && !kept.has(name)) {
      rmSync(join(cache, name), { recursive: true, force: true });
    }
  }
}
