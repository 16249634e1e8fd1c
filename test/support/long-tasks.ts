import type { Page } from "playwright-core";

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  /** CPU time in microseconds. */
  tdur?: number;
  args: { name?: string };
}

/**
 * The longest task of pages' main threads while something is done, in milliseconds of CPU time: unlike the time of the clock, it does not
 * depend on what else the machine does.
 */
export async function longestTask(page: Page, run: () => Promise<void>): Promise<number> {
  const browser = page.context().browser();
  if (browser === null) throw new Error("the page has no browser");
  await browser.startTracing(page, { categories: ["toplevel", "disabled-by-default-devtools.timeline"] });
  let text = "";
  try {
    await run();
  } finally {
    text = (await browser.stopTracing()).toString();
  }
  const { traceEvents } = JSON.parse(text) as { traceEvents: TraceEvent[] };
  const threadOf = ({ pid, tid }: TraceEvent) => `${pid}/${tid}`;
  const named = traceEvents.filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain");
  const threads = new Set(named.map(threadOf));
  const tasks = traceEvents.filter((each) => each.ph === "X" && each.name === "RunTask" && threads.has(threadOf(each)));
  if (tasks.length === 0) throw new Error("the browser traced no task");
  return Math.max(...tasks.map(({ tdur = 0 }) => tdur)) / 1000;
}
