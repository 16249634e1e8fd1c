import { existsSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { z } from "zod";
import { AppError } from "#base/errors.ts";
import { realPath } from "#base/paths.ts";
import { listSome } from "#base/text.ts";
import { logger } from "#base/log.ts";
import { isObject } from "#mcp/protocol/envelope.ts";

/** Time in which the client must name its roots, in milliseconds. */
const ROOTS_TIMEOUT_MS = 3000;

/** Files in the top folder of a project. */
const PROJECT_FILES = [
  ".git",
  ".hg",
  ".jj",
  "package.json",
  "pyproject.toml",
  "setup.py",
  "requirements.txt",
  "Cargo.toml",
  "go.mod",
  "pom.xml",
  "build.gradle",
  "build.gradle.kts",
  "Makefile",
  "CMakeLists.txt",
  "meson.build",
  "Gemfile",
  "composer.json",
  "mix.exs",
  "deno.json",
  "AGENTS.md",
  "CLAUDE.md",
];

/**
 * Returns the folder that a client works in: its only root, else the project in which it started this server.
 * @throws AppError `invalid_cwd`, asking for cwd
 */
export async function findClientFolder(server: Server, environment: NodeJS.ProcessEnv): Promise<string> {
  const roots = await listRoots(server);
  const [only, ...others] = roots;
  if (only !== undefined && others.length === 0) return only;
  if (others.length > 0) throw askForCwd(`the client has several folders open: ${listSome(roots)}`);
  const candidates = [environment["CLAUDE_PROJECT_DIR"], process.cwd()];
  const project = candidates.find((folder) => folder !== undefined && isInProject(folder));
  if (project !== undefined) return project;
  throw askForCwd(
    `the client names no folder, and this server was started in ${process.cwd()}, which is not a project`,
  );
}

function askForCwd(because: string): AppError {
  return new AppError(
    "invalid_cwd",
    `cwd is missing, and ${because}.`,
    "Pass cwd, the absolute path of the folder that the task is about.",
  );
}

/** Returns the folders among the client's roots; empty if it has none or does not answer. */
async function listRoots(server: Server): Promise<string[]> {
  if (server.getClientCapabilities()?.roots === undefined) return [];
  try {
    const { roots } = await server.request({ method: "roots/list" }, RootsSchema, { timeout: ROOTS_TIMEOUT_MS });
    const folders = roots.flatMap((root) => (isObject(root) ? toFolder(root["uri"]) : []));
    // A folder may be named twice, e.g. with a slash at the end.
    return [...new Map(folders.map((folder) => [realPath(folder), folder])).values()];
  } catch (error) {
    logger("mcp").warn`the client's roots cannot be read: ${String(error)}`;
    return [];
  }
}

/** Roots as clients really send them: one that cannot be read does not hide the others. */
const RootsSchema = z.looseObject({ roots: z.array(z.unknown()) });

function toFolder(uri: unknown): string[] {
  if (typeof uri !== "string") return [];
  try {
    const path = resolve(isAbsolute(uri) ? uri : fileURLToPath(uri));
    return statSync(path).isDirectory() ? [path] : [];
  } catch {
    return []; // not a folder of this machine
  }
}

/** Returns whether a folder belongs to a project. The home folder and the top of the file system are none, even with such files. */
function isInProject(folder: string): boolean {
  const home = homedir();
  for (let at = folder; at !== home && at !== dirname(at); at = dirname(at)) {
    if (PROJECT_FILES.some((name) => existsSync(join(at, name)))) return true;
  }
  return false;
}
