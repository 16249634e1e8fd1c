import { render } from "preact";
import { EXPORTED_ELEMENT, type ExportedTask } from "#board/api/export.ts";
import { ExportPage } from "./export/export-page.tsx";
import { App } from "./layout/app.tsx";
import { listenForKeys } from "./parts/keys.tsx";
import { startFollowing } from "./state/board-state.ts";

const page = document.querySelector("#page");
const exported = document.querySelector(`#${EXPORTED_ELEMENT}`);
if (page !== null) {
  listenForKeys();
  if (exported === null) {
    startFollowing();
    render(<App />, page);
  } else {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by a program of the same build
    render(<ExportPage data={JSON.parse(exported.textContent) as ExportedTask} />, page);
  }
}
