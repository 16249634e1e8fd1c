import { keepOrphans } from "#platform/start/keep-orphans.ts";
import type { Input } from "#cli/framework/command.ts";

/**
 * Runs a program and keeps its processes together: `keep-orphans [--held-file] -- <program> <arguments>`. The
 * supervisor starts it (`platform/start/start-detached.ts`) if there is no control group, not a person.
 */
export function keepOrphansCommand({ options, operands }: Input<{ "held-file": boolean }>): Promise<number> {
  return keepOrphans(operands, options["held-file"]);
}
