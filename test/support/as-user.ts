import { chmodSync, copyFileSync } from "node:fs";
import { join } from "node:path";
import { $ } from "bun";
import type { CommandRun } from "./command-line.ts";
import { BINARY, type World } from "./world.ts";

/** Somebody who is not root, for whom permissions mean something. */
const USER = 65_534;

/** Whether this can run programs as another user. */
export const isRoot = process.getuid?.() === 0;

/** Gives a world, all in it, to a user who is not root. */
export async function giveToUser(world: World): Promise<void> {
  await $`chown -R ${USER}:${USER} ${world.root}`.quiet();
  const program = join(world.root, "codex-mcp-server");
  copyFileSync(BINARY, program);
  chmodSync(program, 0o755);
}

/** Runs the compiled binary in such a world as its user. */
export async function runAsUser(world: World, args: readonly string[]): Promise<CommandRun> {
  const prefix = ["setpriv", `--reuid=${USER}`, `--regid=${USER}`, "--clear-groups", "--"];
  const run = Bun.spawn([...prefix, join(world.root, "codex-mcp-server"), ...args], {
    cwd: world.root,
    env: world.environment(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [exitCode, stdout, stderr] = await Promise.all([run.exited, run.stdout.text(), run.stderr.text()]);
  return { exitCode, stdout, stderr };
}
