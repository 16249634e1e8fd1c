import type { App } from "@modelcontextprotocol/ext-apps";
import { notifyFailure } from "#board/page/parts/notices.tsx";
import { answerOf } from "./host.ts";

/** Has the host open the links that lead out of the page: a frame in a chat cannot. Other links, which lead to parts of the board, do nothing. */
export function openLinksThrough(app: App): void {
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
    const address = link?.getAttribute("href") ?? "#";
    if (link === null || address.startsWith("#")) return;
    event.preventDefault();
    if (!/^https?:\/\//i.test(address)) return;
    answerOf(app.openLink({ url: address })).then(
      ({ isError }) => {
        if (isError === true) notifyFailure(new Error("The chat did not open the link."));
      },
      (error: unknown) => notifyFailure(error),
    );
  });
}
