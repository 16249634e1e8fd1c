import type { Config } from "#base/config.ts";
import { type ProgramResult, runProgram } from "#platform/start/run-program.ts";
import type { CodexProgram } from "./locate.ts";

/** Codex answers within 30 ms; one on a cold disk, or behind a version manager, takes longer. */
const PROBE_DEADLINE_MS = 20_000;
/** Its help has 10 KB. */
const MAX_ANSWER_BYTES = 1024 * 1024;

/** Asks a Codex CLI something that it answers at once. @throws what the system says where it cannot be started */
export async function runCodexProbe(
  config: Config,
  program: CodexProgram,
  args: readonly string[],
): Promise<ProgramResult> {
  return runProgram({
    command: [program.path, ...args],
    folder: "/",
    environment: { ...config.environment, ...program.environment },
    deadlineMs: PROBE_DEADLINE_MS,
    maxOutputBytes: MAX_ANSWER_BYTES,
  });
}
