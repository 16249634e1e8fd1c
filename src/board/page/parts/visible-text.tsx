import type { ComponentChildren } from "preact";
import { makeVisible } from "#base/visible-text.ts";

/**
 * Shows a text that others wrote, as a single line: characters that are not visible or that change the order of others are shown as
 * `\u202e`.
 */
export function VisibleText({ text }: { text: string }) {
  return <bdi>{makeVisible(text)}</bdi>;
}

/** Shows a text that others wrote with its line feeds, in a fixed-width font; like {@link VisibleText}. */
export function VisibleBlock({ text, class: name }: { text: string; class?: string }) {
  return (
    <pre class={name} dir="ltr">
      {makeVisible(text, true)}
    </pre>
  );
}

/** Shows what an element means to those who cannot see it. */
export function Hidden({ children }: { children: ComponentChildren }) {
  return <span class="visually-hidden">{children}</span>;
}
