import { sparePaths, taskPaths } from "#store/store-paths.ts";
import { readMeta } from "#store/tasks/meta-file.ts";
import { join } from "node:path";

/** Engines that run Codex's turns. */
type TestedEngine = "app-server" | "exec";

/**
 * Engine with which tests that hold for both are run: that of CODEXMCP_TEST_ENGINE, else the server's own default. CI repeats the files with
 * the other one (scripts/test-passes.ts).
 */
export const TESTED_ENGINES: readonly TestedEngine[] = [
  process.env["CODEXMCP_TEST_ENGINE"] === "exec" ? "exec" : "app-server",
];

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

/** Returns the socket that the app-server of a task was given: that of a spare process, if the task has one. */
export function socketOfTask(stateHome: string, taskId: string): string {
  const paths = taskPaths(stateHome, taskId);
  const spare = readMeta(paths.meta)?.spare;
  return spare === undefined ? paths.appServer : sparePaths(stateHome, spare.id).socket;
}
