import { quoteForShell } from "#base/text.ts";
import { mkdirSync, rmdirSync, statfsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { errnoOf } from "#base/errors.ts";
import { pathExists } from "#base/paths.ts";
import { sharedFileSystem } from "#platform/files/file-system.ts";
import { inspectDatabase } from "#store/database.ts";
import { storePaths } from "#store/store-paths.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";
import { IS_WINDOWS } from "#base/system.ts";

const MEBIBYTE = 1024 * 1024;
/** Free space in bytes below which a run's log may fill the disk. */
const LOW_SPACE_BYTES = 500 * MEBIBYTE;
const MIN_SPACE_BYTES = 50 * MEBIBYTE;

/** Checks the state folder: permissions, free space, and the integrity of the index. Repairs nothing. */
export function checkState(home: string): Finding[] {
  const folder = checkFolder(home);
  const space = [...checkSharing(home), ...checkSpace(home)];
  return folder.status === "problem" ? [folder, ...space] : [folder, ...space, checkDatabase(home)];
}

function checkFolder(home: string): Finding {
  const stat = statSync(home, { throwIfNoEntry: false });
  const where = stat === undefined ? nearestFolder(home) : home;
  const fix = `Make ${where} writable for the user that runs the server, or set CODEXMCP_HOME to another folder.`;
  const isFile = stat?.isDirectory() === false;
  if (isFile) return problem("state_folder", `${home} is not a folder.`, "Move it away.");
  try {
    // Only an actual write detects a read-only disk, or a folder that even root may not write to.
    const trial = join(where, `.codexmcp-doctor-${process.pid}`);
    mkdirSync(trial);
    rmdirSync(trial);
    if (stat === undefined) return ok("state_folder", `${home} (created by the first task)`);
  } catch (error) {
    if (errnoOf(error) === "ENOSPC") return problem("state_folder", `The disk of ${home} is full.`, "Free some space.");
    return problem("state_folder", `${where} is not writable (${errnoOf(error) ?? String(error)}).`, fix);
  }
  if (!IS_WINDOWS && (stat.mode & 0o077) !== 0) {
    const mode = (stat.mode & 0o777).toString(8).padStart(4, "0");
    return warning(
      "state_folder",
      `${home} is open to other users (${mode}).`,
      `Run \`chmod 0700 ${quoteForShell(home)}\`.`,
    );
  }
  return ok("state_folder", home);
}

/** Checks for a file system shared by several hosts: SQLite's write-ahead log works within one host only. */
function checkSharing(home: string): Finding[] {
  const kind = sharedFileSystem(nearestFolder(home));
  if (kind === undefined) return [];
  const message = `${home} is on a network file system (${kind}): tasks of other hosts cannot be distinguished reliably, and the index can be damaged if several hosts write to it.`;
  return [warning("state_sharing", message, "Set CODEXMCP_HOME to a folder on a local disk of each host.")];
}

function checkSpace(home: string): Finding[] {
  const { bavail, bsize } = statfsSync(nearestFolder(home));
  const free = bavail * bsize;
  const message = `${Math.floor(free / MEBIBYTE)} MiB are free on the disk of ${home}`;
  const fix = "Free some space: `codex-mcp-server clean` and `codex-mcp-server worktrees` show what tasks use.";
  if (free < MIN_SPACE_BYTES) return [problem("disk_space", `${message}, too little for a task's log.`, fix)];
  return [free < LOW_SPACE_BYTES ? warning("disk_space", `${message}.`, fix) : ok("disk_space", message)];
}

function checkDatabase(home: string): Finding {
  const { database } = storePaths(home);
  if (!pathExists(database)) return ok("database", "none yet");
  const fault = inspectDatabase(database);
  if (fault === undefined) return ok("database", database);
  const fix =
    "Move it away with its -wal and -shm files; the next command rebuilds it from the tasks' own files: " +
    `\`mv ${quoteForShell(database)} ${quoteForShell(`${database}.old`)}\`.`;
  return problem("database", `The index is damaged: ${fault}.`, fix);
}

function nearestFolder(path: string): string {
  return pathExists(path) || path === dirname(path) ? path : nearestFolder(dirname(path));
}
