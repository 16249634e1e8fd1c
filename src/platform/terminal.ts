/**
 * Prevents a terminal from blocking this process: Ctrl-S no longer stops the output, typed keys are not echoed into it, and losing the
 * terminal is not an error.
 */
export function ignoreTerminalSignals(): void {
  process.stdout.on("error", () => {});
  try {
    Bun.spawn(["stty", "-ixon", "-echo"], { stdio: ["inherit", "ignore", "ignore"] });
  } catch {
    // stty is not available: continue without it.
  }
}
