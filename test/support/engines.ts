import { join } from "node:path";

/** Returns whether a command line is that of a Codex that runs a task, with either engine. */
export function isCodexCommand(command: string): boolean {
  return / exec --json| app-server --listen /.test(command);
}

/**
 * Returns the socket and lock that Codex makes for the app-server of a task, which it names after the path that it was given.
 * @param socket path of the task's socket
 */
export function daemonFilesOf(socket: string): string[] {
  const name = new Bun.CryptoHasher("sha256").update(socket).digest("hex");
  const path = join("/tmp", `codex-daemon-${process.getuid?.()}`, name);
  return [path, `${path}.lock`];
}
