import { AppError } from "#lib/errors.ts";
import type { Environment } from "#lib/config.ts";
import type { ClientCli } from "./client-table.ts";

/** Clients' command lines start slowly, but not that slowly. */
const CLI_MS = 60_000;

/** Where a client's command line is; undefined where it is not in PATH. */
export function findClientCli({ program }: ClientCli, environment: Environment): string | undefined {
  return Bun.which(program, { PATH: environment["PATH"] ?? "" }) ?? undefined;
}

/**
 * Runs a client's command line.
 * @throws AppError `client_failed` with what it said
 */
export async function runClientCli(program: string, args: readonly string[], environment: Environment): Promise<void> {
  const run = Bun.spawn([program, ...args], {
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: CLI_MS,
  });
  const [exitCode, stdout, stderr] = await Promise.all([run.exited, run.stdout.text(), run.stderr.text()]);
  if (exitCode === 0) return;
  const said = (stderr.trim() || stdout.trim()).split("\n").slice(-3).join(" ");
  throw new AppError(
    "client_failed",
    `${program} ${args.slice(0, 2).join(" ")} failed: ${said || `exit status ${exitCode}`}`,
    "Run it by hand to see more, or take --print and put the entry in yourself.",
  );
}
