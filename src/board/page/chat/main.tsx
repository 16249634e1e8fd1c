// oxlint-disable-next-line import/no-unassigned-import -- other modules may read the storage when they are loaded
import "./storage.ts";
import { App } from "@modelcontextprotocol/ext-apps";
import { render } from "preact";
import { Router } from "wouter-preact";
import { memoryLocation } from "wouter-preact/memory-location";
import { listenForKeys } from "#board/page/parts/keys.tsx";
import { connectToHost, emptyReason } from "./chat-state.ts";
import { ChatView } from "./chat-view.tsx";
import { openLinksThrough } from "./open-links.ts";

const app = new App(
  { name: "codex-mcp-server", version: "1" },
  { availableDisplayModes: ["inline", "fullscreen"] },
  { autoResize: false },
);
// The frame's own address is that of the host, and may not be changed.
const { hook } = memoryLocation({ path: "/" });
const page = document.querySelector("#page");
if (page !== null) {
  connectToHost(app)
    .catch((error: unknown) => {
      emptyReason.value = `The chat does not answer: ${error instanceof Error ? error.message : String(error)}`;
    })
    .finally(() => {
      listenForKeys();
      openLinksThrough(app);
      render(
        <Router hook={hook}>
          <ChatView app={app} />
        </Router>,
        page,
      );
    });
}
