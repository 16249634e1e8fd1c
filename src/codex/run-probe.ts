import type { Config } from "#base/config.ts";
import { type ProgramResult, runProgram } from "#platform/start/run-program.ts";
import type { CodexProgram } from "./locate.ts";

/** Timeout of a probe, in milliseconds. Codex usually answers within 30 ms; a cold disk or a version manager makes it slower. */
const PROBE_DEADLINE_MS = 20_000;
/** Maximum size of a probe's output, in bytes; Codex's help has 10 KB. */
const MAX_ANSWER_BYTES = 1024 * 1024;

/**
 * Runs a Codex CLI command that answers immediately.
 * @throws the system's error if it cannot be started
 */
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
