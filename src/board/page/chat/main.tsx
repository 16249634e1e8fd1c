import { toRequestError } from "#board/page/source/request-error.ts";
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
    const host = await connectToHost();
    listenForKeys();
    openLinksThrough(host);
    submitByEvents();
    render(
      <Router hook={hook}>
        <ChatView host={host} />
      </Router>,
      page,
    );
  } catch (error) {
    render(<VisibleText text={toRequestError(error).message} />, page);
  }
}

const element = document.querySelector("#page");
if (element !== null) void show(element);
