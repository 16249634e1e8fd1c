/**
 * Keeps a terminal from holding this process up: Ctrl-S no longer stops the output, typed keys are
 * not echoed into it, and its loss is no error.
 */
export function keepOutputFlowing(): void {
  process.stdout.on("error", () => {});
  try {
    Bun.spawn(["stty", "-ixon", "-echo"], { stdio: ["inherit", "ignore", "ignore"] });
  } catch {
    // No stty here: then without.
  }
}
