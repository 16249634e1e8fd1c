import { UI_EXTENSION, VIEW_TYPE, VIEW_URI } from "#mcp/app/ui-extension.ts";
import type { BrowserContextOptions, FrameLocator, Page } from "playwright-core";
import type { TestBrowser } from "./browser.ts";
import { serveOnLoopback } from "./loopback.ts";
import { WireClient } from "./wire-client.ts";
import type { World } from "./world.ts";

/** The policy that a host must set for a page that names no other hosts. */
const POLICY =
  "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; media-src 'self' data:; connect-src 'none'";

/** A host page: it shows the view in a frame with an origin of its own, and passes its calls on. */
const HOST_PAGE = `<!doctype html>
<html lang="en"><head><title>Chat</title><link rel="icon" href="data:," /><style>body { margin: 0 } iframe { border: 0; width: 100%; display: block }</style></head>
<body><iframe id="view" title="Task" sandbox="allow-scripts" height="200"></iframe><script type="module">
import { AppBridge, PostMessageTransport } from "/bridge.js";
const settings = await (await fetch("/settings")).json();
const frame = document.querySelector("#view");
window.asked = [];
const capabilities = { openLinks: {}, serverTools: {}, message: { text: {} } };
const bridge = new AppBridge(null, { name: "host", version: "1" }, capabilities, { hostContext: settings.context });
const note = (what, answer = {}) => async (params) => (window.asked.push({ what, params }), answer);
bridge.onopenlink = note("link");
bridge.onmessage = note("message");
bridge.onrequestdisplaymode = async ({ mode }) => {
  document.documentElement.dataset.mode = mode;
  bridge.setHostContext({ ...settings.context, displayMode: mode });
  return { mode };
};
bridge.oncalltool = async (params) => (await fetch("/call", { method: "POST", body: JSON.stringify(params) })).json();
bridge.onsizechange = ({ height }) => { if (height !== undefined) frame.height = height; };
bridge.oninitialized = async () => {
  await bridge.sendToolInput({ arguments: settings.args });
  const result = await (await fetch("/result")).json();
  await bridge.sendToolResult(result);
};
window.bridge = bridge;
await bridge.connect(new PostMessageTransport(frame.contentWindow, frame.contentWindow));
frame.src = "/view";
</script></body></html>`;

/** A chat client, with a server of its own, that shows the view of a tool's answer. */
export class ChatHost {
  readonly #client: WireClient;
  readonly #server = serveOnLoopback(async (request) => this.#answer(request));
  #args: object = {};
  #context: object = {};
  #result: Promise<object> = Promise.resolve({});
  /** Calls of tools that the view made. */
  readonly calls: { name: string; arguments: Record<string, unknown> }[] = [];
  /** Whether the client cannot pass calls on. */
  isCutOff = false;

  private constructor(client: WireClient) {
    this.#client = client;
  }

  static async start(world: World): Promise<ChatHost> {
    const client = new WireClient(world);
    const capabilities = { extensions: { [UI_EXTENSION]: { mimeTypes: [VIEW_TYPE] } } };
    const clientInfo = { name: "host", version: "1" };
    await client.ask("initialize", { protocolVersion: "2025-11-25", capabilities, clientInfo });
    return new ChatHost(client);
  }

  get address(): string {
    return `http://127.0.0.1:${this.#server.port}/`;
  }

  /** Calls a tool as the model does. */
  async call(name: string, args: object): Promise<Record<string, unknown>> {
    const { result = {} } = await this.#client.ask("tools/call", { name, arguments: args });
    return result;
  }

  /** Calls a tool whose answer the page at {@link address} shows from then on. @param context what the host says about itself */
  show(name: string, args: object, context: object = {}): Promise<Record<string, unknown>> {
    const result = this.call(name, args);
    [this.#args, this.#context, this.#result] = [args, context, result];
    return result;
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/") return html(HOST_PAGE);
    if (pathname === "/bridge.js") return bundleBridge();
    if (pathname === "/settings") return Response.json({ args: this.#args, context: this.#context });
    if (pathname === "/result") return Response.json(await this.#result);
    if (pathname === "/view") return html(await this.#readView(), { "content-security-policy": POLICY });
    if (pathname !== "/call") return new Response("", { status: 404 });
    const { name, arguments: args } = (await request.json()) as (typeof this.calls)[number];
    this.calls.push({ name, arguments: args });
    const failure = { isError: true, content: [{ type: "text", text: "The server is gone." }] };
    return Response.json(this.isCutOff ? failure : await this.call(name, args));
  }

  async #readView(): Promise<string> {
    const { result = {} } = await this.#client.ask("resources/read", { uri: VIEW_URI });
    const [page] = result["contents"] as { text: string }[];
    return page?.text ?? "";
  }

  async stop(): Promise<void> {
    await this.#server.stop(true);
    await this.#client.close();
  }
}

/** The page of a host, opened in a browser. */
export class ChatPage {
  readonly page: Page;
  /** The view in it. */
  readonly view: FrameLocator;
  /** Addresses other than the host's that the page or the view asked. */
  readonly asked: string[] = [];

  private constructor(page: Page, host: ChatHost) {
    this.page = page;
    this.view = page.frameLocator("#view");
    page.on("request", (request) => {
      const address = request.url();
      if (!address.startsWith(host.address) && !address.startsWith("data:")) this.asked.push(address);
    });
  }

  static async open(browser: TestBrowser, host: ChatHost, options: BrowserContextOptions = {}): Promise<ChatPage> {
    const context = await browser.browser.newContext({ viewport: { width: 1000, height: 800 }, ...options });
    const chat = new ChatPage(await browser.page(context), host);
    // A script that catches the error of a violation hides it from the console.
    await chat.page.addInitScript(
      "addEventListener('securitypolicyviolation', (event) => console.error(`refused: ${event.violatedDirective} ${event.blockedURI}`))",
    );
    await chat.page.goto(host.address);
    return chat;
  }

  /** What the view has asked the host for. */
  async askedFor(what: "link" | "message"): Promise<unknown[]> {
    const all = await this.page.evaluate<{ what: string; params: unknown }[]>("asked");
    return all.filter((each) => each.what === what).map(({ params }) => params);
  }

  /** Changes what the host says about itself. */
  async setContext(context: object): Promise<void> {
    await this.page.evaluate(`bridge.setHostContext(${JSON.stringify(context)})`);
  }

  /** Runs a script in the view. */
  async inView(script: string): Promise<unknown> {
    const frame = this.page.frames().find((each) => each.url().endsWith("/view"));
    return frame?.evaluate(script);
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }
}

function html(text: string, headers: Record<string, string> = {}): Response {
  return new Response(text, { headers: { "content-type": "text/html; charset=utf-8", ...headers } });
}

/** The host's side of the extension, as its library has it. */
async function bundleBridge(): Promise<Response> {
  const entry = Bun.resolveSync("@modelcontextprotocol/ext-apps/app-bridge", import.meta.dir);
  const { outputs } = await Bun.build({ entrypoints: [entry], target: "browser", format: "esm" });
  return new Response(outputs[0], { headers: { "content-type": "text/javascript" } });
}
