/** Returns whether a command line is that of a Codex that runs a task, with either engine. */
export function isCodexCommand(command: string): boolean {
  return / exec --json| app-server --listen /.test(command);
}
