import { serveOnLoopback } from "./loopback.ts";
import { WireClient, type WireMessage } from "./wire-client.ts";
import type { World } from "./world.ts";

const HTTP_STATUS: Record<number, number> = { [-32_601]: 404, [-32_602]: 400, [-32_021]: 400, [-32_022]: 400 };

/**
 * Puts this server, which speaks over pipes, behind Streamable HTTP, for programs that test over HTTP only.
 * A client that shakes hands gets a server process for its session, any other one for each request.
 */
export class HttpBridge {
  readonly #world: World;
  readonly #sessions = new Map<string, WireClient>();
  readonly #server: Bun.Server<undefined>;

  constructor(world: World) {
    this.#world = world;
    this.#server = serveOnLoopback((request) => this.#answer(request));
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}/mcp`;
  }

  async stop(): Promise<void> {
    await this.#server.stop(true);
    for (const server of this.#sessions.values()) await server.close();
  }

  async #answer(request: Request): Promise<Response> {
    const sessionId = request.headers.get("mcp-session-id");
    const session = this.#sessions.get(sessionId ?? "");
    if (request.method === "DELETE" && sessionId !== null) return this.#end(sessionId, session);
    if (request.method !== "POST") return new Response(null, { status: 405 });
    const message = (await request.json()) as WireMessage;
    if (sessionId !== null && session === undefined) return new Response(null, { status: 404 });
    const [header, version] = [request.headers.get("mcp-protocol-version"), versionOf(message)];
    if (header !== null && version !== undefined && header !== version) {
      const error = { code: -32_020, message: "The header names another version than the request." };
      return Response.json({ jsonrpc: "2.0", id: message.id, error }, { status: 400 });
    }
    if (message.id === undefined) {
      session?.send(message);
      return new Response(null, { status: 202 });
    }
    return message.method === "initialize" && version === undefined
      ? this.#openSession(message)
      : this.#ask(message, session, request.signal);
  }

  async #openSession(message: WireMessage): Promise<Response> {
    const server = new WireClient(this.#world);
    const id = crypto.randomUUID();
    this.#sessions.set(id, server);
    server.send(message);
    const answer = await server.until((candidate) => candidate.id === message.id);
    return Response.json(answer, { headers: { "mcp-session-id": id } });
  }

  async #end(sessionId: string, session: WireClient | undefined): Promise<Response> {
    this.#sessions.delete(sessionId);
    await session?.close();
    return new Response(null, { status: session === undefined ? 404 : 204 });
  }

  /** Answers with one message where there is no more, and else with a stream of them. */
  async #ask(message: WireMessage, session: WireClient | undefined, gone: AbortSignal): Promise<Response> {
    const server = session ?? new WireClient(this.#world);
    const from = server.received.length;
    server.send(message);
    const first = await server.nextAfter(from);
    if (isAnswer(first, message)) {
      if (session === undefined) await server.close();
      const status = first.error === undefined || session !== undefined ? 200 : (HTTP_STATUS[first.error.code] ?? 200);
      return Response.json(first, { status });
    }
    const end = async () => void (session === undefined && (await server.close()));
    gone.addEventListener("abort", () => void end());
    const stream = async function* () {
      for (let index = from; ; index++) {
        const next = await server.nextAfter(index);
        yield `event: message\ndata: ${JSON.stringify(next)}\n\n`;
        if (isAnswer(next, message)) return end();
      }
    };
    return new Response(stream(), { headers: { "content-type": "text/event-stream" } });
  }
}

/** The version in a request's envelope; undefined in those of the older revisions. */
function versionOf({ params = {} }: WireMessage): unknown {
  const { _meta: meta } = params as { _meta?: Record<string, unknown> };
  return meta?.["io.modelcontextprotocol/protocolVersion"];
}

function isAnswer(candidate: WireMessage, request: WireMessage): boolean {
  return candidate.id === request.id && candidate.method === undefined;
}
