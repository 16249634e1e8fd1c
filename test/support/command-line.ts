import { BINARY, type World } from "./world.ts";

/** What a command of ours did. */
export interface CommandRun {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Runs the compiled binary as a person's command in a world. */
export async function runCli(
  world: World,
  args: readonly string[],
  more: Record<string, string | undefined> = {},
  cwd = world.root,
): Promise<CommandRun> {
  const run = Bun.spawn([BINARY, ...args], {
    cwd,
    env: world.environment(more),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [exitCode, stdout, stderr] = await Promise.all([run.exited, run.stdout.text(), run.stderr.text()]);
  return { exitCode, stdout, stderr };
}
