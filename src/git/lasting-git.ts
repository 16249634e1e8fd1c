import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gitEnvironment, type GitEnvironment, type GitResult, OURS } from "./git.ts";

const NO_HOUSEKEEPING = ["-c", "gc.auto=0", "-c", "maintenance.auto=false"];

/**
 * Runs git in a session of its own, whatever its exit status: what must be done whole goes on, whatever becomes of this process and its terminal.
 * What it says goes to a file of its own, since nobody may be there to hear it.
 */
export async function tryLastingGit(folder: string, args: readonly string[]): Promise<Omit<GitResult, "stdout">> {
  const said = join(tmpdir(), `codexmcp-git-${process.pid}-${crypto.randomUUID()}`);
  try {
    const child = Bun.spawn(["git", ...OURS, ...NO_HOUSEKEEPING, ...args], {
      cwd: folder,
      env: gitEnvironment({}),
      stdio: ["ignore", "ignore", Bun.file(said)],
      detached: true,
    });
    const exitCode = await child.exited;
    return { exitCode, stderr: (await Bun.file(said).text()).trim() };
  } finally {
    rmSync(said, { force: true });
  }
}

/** Runs git as the user would, whatever its exit status, with the repository's hooks; what it and they say comes together. */
export async function tryUsersGit(
  folder: string,
  args: readonly string[],
  environment: GitEnvironment,
  atMostMs: number,
): Promise<{ exitCode: number | null; said: string }> {
  const child = Bun.spawn(["git", ...NO_HOUSEKEEPING, ...args], {
    cwd: folder,
    env: gitEnvironment(environment),
    stdio: ["ignore", "pipe", "pipe"],
    timeout: atMostMs,
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  const exitCode = await child.exited;
  return { exitCode: child.signalCode === null ? exitCode : null, said: `${stdout}${stderr}`.trim() };
}
