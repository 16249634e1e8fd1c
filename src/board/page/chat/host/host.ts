import type {
  LATEST_PROTOCOL_VERSION,
  McpUiHostCapabilities,
  McpUiInitializeRequest,
  McpUiMessageRequest,
  McpUiOpenLinkRequest,
  McpUiRequestDisplayModeRequest,
  McpUiSizeChangedNotification,
  McpUiUpdateModelContextRequest,
} from "@modelcontextprotocol/ext-apps";
import { RequestError } from "#board/page/source/request-error.ts";
import { type HostContext, readContext } from "./host-context.ts";
import { isFields, type ToolResult } from "./tool-result.ts";

/** Revision of the extension (MCP Apps) that this page speaks. */
const PROTOCOL: typeof LATEST_PROTOCOL_VERSION = "2026-01-26";

/** Time in which the host answers, in milliseconds. */
const ANSWER_TIMEOUT_MS = 60_000;

/** Requests of the view, with their parameters. */
interface HostRequests {
  "ui/initialize": McpUiInitializeRequest["params"];
  "ui/message": McpUiMessageRequest["params"];
  "ui/update-model-context": McpUiUpdateModelContextRequest["params"];
  "ui/open-link": McpUiOpenLinkRequest["params"];
  "ui/request-display-mode": McpUiRequestDisplayModeRequest["params"];
  "tools/call": { name: string; arguments: Record<string, unknown> };
}

/** Notifications of the view, with their parameters. */
interface HostNotifications {
  "ui/notifications/initialized": Record<string, never>;
  "ui/notifications/size-changed": McpUiSizeChangedNotification["params"];
}

/** Functions that are called when the host reports something. */
export interface HostEvents {
  onToolInput: (args: Readonly<Record<string, unknown>>) => void;
  onToolResult: (result: ToolResult) => void;
  onToolCancelled: () => void;
  onContext: (context: HostContext) => void;
}

/** Connection of the view with the chat client that shows it: JSON-RPC by messages to the window around it. */
export class ViewHost {
  /** Abilities of the host; undefined before the handshake. */
  capabilities: McpUiHostCapabilities = {};
  readonly #window = window.parent;
  readonly #waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: RequestError) => void }>();
  readonly #events: HostEvents;
  #context: Readonly<Record<string, unknown>> = {};
  #lastId = 0;

  constructor(events: HostEvents) {
    this.#events = events;
    window.addEventListener("message", ({ source, data }: MessageEvent<unknown>) => {
      // Frames that the host shows beside this one could send messages, too.
      if (source === this.#window && isFields(data) && data["jsonrpc"] === "2.0") this.#receive(data);
    });
  }

  /** Shakes hands; from then on, events are reported. @throws RequestError */
  async connect(): Promise<void> {
    const result = await this.request("ui/initialize", {
      appInfo: { name: "codex-mcp-server", version: "1" },
      appCapabilities: { availableDisplayModes: ["inline", "fullscreen"] },
      protocolVersion: PROTOCOL,
    });
    const { hostCapabilities: capabilities, hostContext: context } = isFields(result) ? result : {};
    if (isFields(capabilities)) this.capabilities = capabilities;
    this.#takeContext(context);
    this.notify("ui/notifications/initialized", {});
  }

  /** Asks the host for something. @throws RequestError if it refuses or does not answer */
  async request<Method extends keyof HostRequests>(method: Method, params: HostRequests[Method]): Promise<unknown> {
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, { resolve, reject });
    const timer = setTimeout(() => reject(toFailure("it does not answer.")), ANSWER_TIMEOUT_MS);
    this.#send({ id, method, params });
    return promise.finally(() => {
      clearTimeout(timer);
      this.#waiting.delete(id);
    });
  }

  /** Tells the host something. */
  notify<Method extends keyof HostNotifications>(method: Method, params: HostNotifications[Method]): void {
    this.#send({ method, params });
  }

  #send(message: object): void {
    // The view does not know the host's origin, and sends nothing that is secret to it: the host passes on all that it shows.
    this.#window.postMessage({ jsonrpc: "2.0", ...message }, "*");
  }

  #receive({ id, method, params, result, error }: Readonly<Record<string, unknown>>): void {
    if (typeof method === "string") {
      if (id === undefined) this.#take(method, isFields(params) ? params : {});
      else if (method === "ping" || method === "ui/resource-teardown") this.#send({ id, result: {} });
      else this.#send({ id, error: { code: -32_601, message: `There is no method ${method}.` } });
      return;
    }
    const waiting = typeof id === "number" ? this.#waiting.get(id) : undefined;
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(toFailure(isFields(error) ? String(error["message"]) : "an error."));
  }

  #take(method: string, params: Readonly<Record<string, unknown>>): void {
    if (method === "ui/notifications/tool-input") {
      this.#events.onToolInput(isFields(params["arguments"]) ? params["arguments"] : {});
    } else if (method === "ui/notifications/tool-result") this.#events.onToolResult(params);
    else if (method === "ui/notifications/tool-cancelled") this.#events.onToolCancelled();
    else if (method === "ui/notifications/host-context-changed") this.#takeContext(params);
  }

  /** Takes what the host says about itself: everything at first, then what has changed. */
  #takeContext(change: unknown): void {
    if (isFields(change)) this.#context = { ...this.#context, ...change };
    this.#events.onContext(readContext(this.#context));
  }
}

function toFailure(reason: string): RequestError {
  return new RequestError({ code: "unreachable", message: `The chat refused the request: ${reason}`, hint: "" });
}
