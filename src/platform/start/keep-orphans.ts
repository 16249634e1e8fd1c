import { constants } from "node:os";
import { endFamily } from "#platform/process/end-family.ts";
import { isRunning, listChildren, readProcess } from "#platform/process/linux.ts";
import { becomeSubreaper } from "#platform/process/subreaper.ts";

/** Signals that are forwarded to the program. */
const FORWARDED_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** Signals with which this process can end as the program did, without its own crash report or core dump. */
const REPEATED_SIGNALS: ReadonlySet<NodeJS.Signals> = new Set(["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"]);
const FIRST_FREE_DESCRIPTOR = 3;

/**
 * Runs a program, adopts those of its processes that lose their parents, and ends them after the program has ended. They are found through
 * this process, whether or not its own parent lives.
 * @param hasHeldFile whether the program inherits descriptor 3
 * @returns exit code of the program
 */
export async function keepOrphans(command: readonly string[], hasHeldFile: boolean): Promise<number> {
  becomeSubreaper();
  const child = Bun.spawn([...command], {
    env: process.env,
    stdio: ["inherit", "inherit", "inherit", ...(hasHeldFile ? [FIRST_FREE_DESCRIPTOR] : [])],
  });
  for (const signal of FORWARDED_SIGNALS) {
    process.on(signal, () => {
      child.kill("SIGCONT");
      child.kill(signal);
    });
  }
  await child.exited;
  if (listChildren(process.pid).some((pid) => isRunning(readProcess(pid)))) {
    await endFamily({ root: undefined, marker: undefined, traces: { adopter: process.pid } });
  }
  const { signalCode } = child;
  if (typeof signalCode !== "string") return child.exitCode ?? 1;
  if (REPEATED_SIGNALS.has(signalCode)) {
    process.removeAllListeners(signalCode);
    process.kill(process.pid, signalCode);
    await Bun.sleep(1000);
  }
  return 128 + constants.signals[signalCode];
}
