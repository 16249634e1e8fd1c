import { render } from "preact";
import { App } from "./layout/app.tsx";
import { listenForKeys } from "./parts/keys.tsx";
import { startFollowing } from "./state/board-state.ts";

const page = document.querySelector("#page");
if (page !== null) {
  startFollowing();
  listenForKeys();
  render(<App />, page);
}
