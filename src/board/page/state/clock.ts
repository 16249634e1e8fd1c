import { effect, signal } from "@preact/signals";
import { clockOffset, isLive, lastSeen } from "./board-state.ts";

/** Interval of the clock in milliseconds. */
const TICK_MS = 1000;

const isVisible = signal(document.visibilityState === "visible");
document.addEventListener("visibilitychange", () => (isVisible.value = document.visibilityState === "visible"));

let end: (() => void) | undefined;

/**
 * Time of the server in milliseconds, each second. It stands still while the page is hidden, nothing shows it, or the connection is lost:
 * what is shown is not live then.
 */
export const serverNow = signal(Date.now(), {
  watched: () => (end = run()),
  unwatched: () => end?.(),
});

function run(): () => void {
  return effect(() => {
    if (!isVisible.value || !isLive.value) return;
    queueMicrotask(tick);
    const timer = setInterval(tick, TICK_MS);
    return () => clearInterval(timer);
  });
}

function tick(): void {
  serverNow.value = readServerTime();
}

/** Returns the server's time in milliseconds; while there is no connection, the time at which it was last seen. */
export function readServerTime(): number {
  const own = isLive.peek() ? Date.now() : (lastSeen.peek()?.getTime() ?? Date.now());
  return own + clockOffset.peek();
}

/** Returns the server's time when a component is drawn, and has it drawn again each second. */
export function useServerTime(): number {
  return Math.max(serverNow.value, readServerTime());
}

/** Returns the seconds from a time to another in milliseconds; 0 if the clocks differ so that it would be negative. */
export function secondsUntil(from: string, until: number): number {
  return Math.max(0, (until - Date.parse(from)) / 1000) || 0;
}
