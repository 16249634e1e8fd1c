/**
 * Starts a program that goes on when this one ends: in a session of its own, without our terminal
 * and pipes.
 * @returns resolves when it has ended, if this process is still there
 */
export async function startDetached(command: readonly string[], environment: Record<string, string>): Promise<void> {
  const child = Bun.spawn([...command], {
    cwd: "/",
    env: environment,
    stdio: ["ignore", "ignore", "ignore"],
    detached: true,
  });
  child.unref();
  await child.exited;
}
