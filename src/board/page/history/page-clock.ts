import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { clockOffset, isLive, lastSeen } from "#board/page/state/board-state.ts";

/** Returns the server's time; while there is no connection, the time at which it was last seen. */
export function readServerTime(): number {
  const own = isLive.value ? Date.now() : (lastSeen.value?.getTime() ?? Date.now());
  return own + clockOffset.value;
}

/** Calls a function at intervals while the page is visible and connected. */
export function useTicks(milliseconds: number, onTick: () => void): void {
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === "visible" && isLive.peek()) onTick();
    }, milliseconds);
    return () => clearInterval(timer);
  }, [milliseconds, onTick]);
}

/** Number that changes with the theme: drawings read it to draw in the new colours. */
export const themeVersion = signal(0);

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  themeVersion.value++;
});

/** Returns the value of a variable of the page's style. */
export function readStyle(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
