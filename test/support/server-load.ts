import { readFileSync } from "node:fs";
import type { TestBoard } from "./board.ts";

/** CPU time of a process and of the programs that it has waited for, in milliseconds, in steps of 10. */
export function processorMs(pid: number): number {
  const [, fields = ""] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ");
  const ticks = fields.split(" ").slice(11, 15).map(Number);
  return ticks.reduce((sum, count) => sum + count, 0) * 10;
}

/** Memory of a process in MiB. */
export function residentMiB(pid: number): number {
  const [, kib] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Math.round(Number(kib) / 1024);
}

/** CPU time of the thread that answers a board's requests, in milliseconds. */
function threadMs(pid: number): number {
  const [ns] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, "utf8").split(" ");
  return Number(ns) / 1_000_000;
}

/**
 * The longest time for which a board does other work before it answers a small request, while something is done, in milliseconds of CPU time:
 * unlike the time of the clock, it does not depend on what else the machine does.
 */
export async function longestDelay(board: TestBoard, run: () => Promise<unknown>): Promise<number> {
  const headers = { cookie: await board.cookie() };
  const done = new AbortController();
  let longest = 0;
  const ask = async () => {
    while (!done.signal.aborted) {
      const before = threadMs(board.pid);
      await (await fetch(`${board.origin}/api/info`, { headers })).text();
      longest = Math.max(longest, threadMs(board.pid) - before);
      await Bun.sleep(1);
    }
  };
  const asking = ask();
  try {
    await run();
  } finally {
    done.abort();
    await asking;
  }
  return longest;
}
