import { signal } from "@preact/signals";

/** Number that changes with the theme: drawings read it to draw in the new colours. */
export const themeVersion = signal(0);

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  themeVersion.value++;
});

/** Returns the value of a variable of the page's style. */
export function readStyle(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
