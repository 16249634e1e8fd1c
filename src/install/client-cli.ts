import { AppError } from "#base/errors.ts";
import type { Environment } from "#base/config.ts";
import { type ProgramResult, runProgram } from "#platform/start/run-program.ts";
import type { ClientCli } from "./client-table.ts";

/** Timeout of a client's command line, in milliseconds; some start slowly. */
const CLI_DEADLINE_MS = 60_000;

/** Returns the path of a client's command line; undefined if it is not in PATH. */
export function findClientCli({ program }: ClientCli, environment: Environment): string | undefined {
  return Bun.which(program, { PATH: environment["PATH"] ?? "" }) ?? undefined;
}

/**
 * Runs a client's command line.
 * @throws AppError `client_failed` with its output
 */
export async function runClientCli(program: string, args: readonly string[], environment: Environment): Promise<void> {
  const run = await runProgram({
    command: [program, ...args],
    folder: process.cwd(),
    environment,
    deadlineMs: CLI_DEADLINE_MS,
  });
  if (run.exitCode === 0) return;
  const said = describeEnd(run);
  throw new AppError(
    "client_failed",
    `${program} ${args.slice(0, 2).join(" ")} failed: ${said}`,
    "Run it by hand to see more, or add the entry that --print shows yourself.",
  );
}

function describeEnd({ exitCode, signal, timedOut, stdout, stderr }: ProgramResult): string {
  if (timedOut) return `it took longer than ${CLI_DEADLINE_MS / 1000} s`;
  const said = stderr.toString().trim() || stdout.toString().trim();
  return said.split("\n").slice(-3).join(" ") || (signal ?? `exit status ${exitCode}`);
}
