import { navigate } from "wouter-preact/use-browser-location";

/**
 * Follows a link to another part of the page; to be called when it is clicked. For links in lists that change all the time: the router's
 * `Link` keeps the properties of its first drawing, and with them all that was drawn with it, removed rows and their links among them.
 */
export function followLink(event: MouseEvent & { currentTarget: HTMLAnchorElement }): void {
  // Other clicks open another window or tab.
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  const { pathname, search } = event.currentTarget;
  navigate(`${pathname}${search}`);
}
