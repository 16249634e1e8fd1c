import { readlinkSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { sha256 } from "#base/digest.ts";
import { logger } from "#base/log.ts";

/** Files of the channel of a run's app-server: a socket, or two pipes. */
interface ChannelFiles {
  appServer: string;
  appServerInput?: string;
  appServerOutput?: string;
}

/** Lists the files that an app-server leaves which is killed while it has a socket. */
export function listSocketFiles(appServer: string): string[] {
  const target = socketTarget(appServer);
  return [target, `${target}.lock`, appServer];
}

/** Removes what the app-server of a run, if it had one, has left: one that was killed also leaves its socket in the temporary folder. */
export function removeChannelFiles({ appServer, appServerInput, appServerOutput }: ChannelFiles): void {
  try {
    for (const path of [...listSocketFiles(appServer), appServerInput, appServerOutput]) {
      if (path !== undefined) rmSync(path, { force: true });
    }
  } catch (error) {
    // A folder may be there instead; the outcome of the run does not depend on it.
    logger("app").warn`the files of an app-server were not removed: ${String(error)}`;
  }
}

/**
 * Returns the socket that a link leads to. The agent may have replaced or removed the link, so only a file with the name that Codex gives
 * this socket counts.
 */
function socketTarget(link: string): string {
  const name = sha256(link);
  const linked = linkTarget(link);
  const isOwn =
    linked !== undefined && basename(linked) === name && /^codex-daemon-\d+$/.test(basename(dirname(linked)));
  // Codex does not put it into TMPDIR.
  return isOwn ? linked : join("/tmp", `codex-daemon-${process.getuid?.()}`, name);
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
