// oxlint-disable-next-line import/no-unassigned-import -- other modules make schemas when they are loaded
import "./without-eval.ts";
import { render } from "preact";
import { Router } from "wouter-preact";
import { memoryLocation } from "wouter-preact/memory-location";
import { listenForKeys } from "#board/page/parts/keys.tsx";
import { VisibleText } from "#board/page/parts/visible-text.tsx";
import { connectToHost } from "./chat-state.ts";
import { ChatView } from "./chat-view.tsx";
import { submitByEvents } from "./forms.ts";
import { openLinksThrough } from "./open-links.ts";

// The frame's own address is that of the host, and may not be changed.
const { hook } = memoryLocation({ path: "/" });

async function show(page: Element): Promise<void> {
  try {
    const app = await connectToHost();
    listenForKeys();
    openLinksThrough(app);
    submitByEvents();
    render(
      <Router hook={hook}>
        <ChatView app={app} />
      </Router>,
      page,
    );
  } catch (error) {
    render(<VisibleText text={error instanceof Error ? error.message : String(error)} />, page);
  }
}

const element = document.querySelector("#page");
if (element !== null) void show(element);
