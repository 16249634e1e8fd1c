/**
 * Starts a program that keeps running when this one ends: in its own session, without our terminal and pipes.
 * @returns promise that resolves when it has ended, if this process still exists
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
