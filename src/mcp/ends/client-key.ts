import { sha256 } from "#base/digest.ts";
import { realPath } from "#base/paths.ts";

/**
 * Returns the identity of a client, which stays the same when its server is started again: a digest of its name and the folder that it works
 * in. Windows of one client in the same folder share it. The client is asked nothing for it: its roots may change, and some do not answer.
 */
export function clientKeyOf(name: string | undefined, folder: string): string {
  return sha256(JSON.stringify([name ?? "", folder])).slice(0, 32);
}

/** Returns the folder that a client works in, as far as it is known without asking: the project that it names, else that of this server. */
export function keyFolder(environment: NodeJS.ProcessEnv): string {
  try {
    return realPath(environment["CLAUDE_PROJECT_DIR"] || process.cwd());
  } catch {
    return ""; // the folder was deleted
  }
}
