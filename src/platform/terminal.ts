/** Reads the modes of this process's terminal. @returns a function that sets them again */
export function saveTerminal(): () => void {
  const stty = (argument: string) => {
    const { stdout, success } = Bun.spawnSync(["stty", argument], { stdio: ["inherit", "pipe", "ignore"] });
    return success ? stdout.toString().trim() : "";
  };
  try {
    const modes = stty("-g");
    return () => {
      if (modes !== "") stty(modes);
    };
  } catch {
    return () => {}; // stty is not available
  }
}

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
