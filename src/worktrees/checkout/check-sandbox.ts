import type { AppContext } from "#tasks/context.ts";

/** Sandbox in which the check of a commit runs: the one in which its code was written. */
export interface CheckSandbox {
  /** Whether it has network access. */
  network: boolean;
}

/** Returns the words of the program that runs a command in Codex's sandbox; undefined if it needs none. */
export function sandboxWords(_context: AppContext, within: CheckSandbox | undefined): readonly string[] | undefined {
  return within === undefined ? undefined : [];
}
