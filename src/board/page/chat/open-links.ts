import { notifyFailure } from "#board/page/parts/notices.tsx";
import type { ViewHost } from "./host/host.ts";
import { isFields } from "./host/tool-result.ts";

/** Has the host open the links that lead out of the page: a frame in a chat cannot. Other links, which lead to parts of the board, do nothing. */
export function openLinksThrough(host: ViewHost): void {
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
    const address = link?.getAttribute("href") ?? "#";
    if (link === null || address.startsWith("#")) return;
    event.preventDefault();
    if (!/^https?:\/\//i.test(address)) return;
    host.request("ui/open-link", { url: address }).then(
      (result) => {
        if (isFields(result) && result["isError"] === true) notifyFailure(new Error("The chat did not open the link."));
      },
      (error: unknown) => notifyFailure(error),
    );
  });
}
