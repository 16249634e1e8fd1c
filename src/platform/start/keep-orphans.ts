import { constants } from "node:os";
import { endFamily } from "#platform/process/end-family.ts";
import { isRunning, listChildren, readProcess } from "#platform/process/linux.ts";
import { becomeSubreaper } from "#platform/process/subreaper.ts";

/** Signals that are meant for the program. */
const FORWARDED = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** Signals by which this process can end as the program did, without a crash report or core dump of its own. */
const REPEATED: ReadonlySet<NodeJS.Signals> = new Set(["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"]);
const FIRST_FREE_DESCRIPTOR = 3;

/**
 * Runs a program, keeping the processes below itself that lose their parents, and ends those that are left when the
 * program has ended. Whoever finds this process finds all of them, whether or not its own parent lives.
 * @param hasHeldFile whether the program is to inherit descriptor 3
 * @returns the program's exit code
 */
export async function keepOrphans(command: readonly string[], hasHeldFile: boolean): Promise<number> {
  becomeSubreaper();
  const child = Bun.spawn([...command], {
    env: process.env,
    stdio: ["inherit", "inherit", "inherit", ...(hasHeldFile ? [FIRST_FREE_DESCRIPTOR] : [])],
  });
  for (const signal of FORWARDED) {
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
  if (REPEATED.has(signalCode)) {
    process.removeAllListeners(signalCode);
    process.kill(process.pid, signalCode);
    await Bun.sleep(1000);
  }
  return 128 + constants.signals[signalCode];
}
