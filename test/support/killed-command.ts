import { BINARY, type World } from "./world.ts";

/**
 * Runs a command of the program and, if that is wanted, kills it after a while. What it has begun goes on without it, and
 * is waited for.
 * @returns how long it took, in milliseconds
 */
export async function runKilled(world: World, args: readonly string[], killAfterMs?: number): Promise<number> {
  const start = performance.now();
  const run = Bun.spawn([BINARY, ...args], {
    cwd: world.root,
    env: world.environment(),
    stdio: ["ignore", "ignore", "ignore"],
  });
  if (killAfterMs !== undefined) {
    await Bun.sleep(killAfterMs);
    run.kill("SIGKILL");
  }
  await run.exited;
  await world.until(() => !world.processes().some(({ command }) => /(?:^|[\s/])git /.test(command)));
  return performance.now() - start;
}
