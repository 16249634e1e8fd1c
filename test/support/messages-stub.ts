import { serveOnLoopback } from "./loopback.ts";

/** What the scripted model does next: it calls a tool, or says something and so ends its turn. */
export type MessagesStep = { tool: string; args: object } | { say: string };

interface ContentBlock {
  type: string;
  text?: string;
  content?: unknown;
}

interface Message {
  role: "user" | "assistant";
  content: string | ContentBlock[];
}

/** A request as far as the stub looks at it. */
export interface MessagesRequest {
  messages: Message[];
  tools?: { name: string }[];
}

/**
 * A scripted Messages API on loopback, for Claude Code. A request is matched by the newest user message that
 * holds a script's marker; the tool results since then say how far the script has come.
 */
export class MessagesStub {
  readonly #scripts = new Map<string, readonly MessagesStep[]>();
  readonly #server = serveOnLoopback((request) => this.#answer(request));
  #answers = 0;
  /** Bodies of the requests that came, oldest first. */
  readonly requests: MessagesRequest[] = [];

  /** The API's address, as `ANTHROPIC_BASE_URL` wants it. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.port}`;
  }

  /** What the model does when a user's message holds `marker`. */
  script(marker: string, steps: readonly MessagesStep[]): void {
    this.#scripts.set(marker, steps);
  }

  /** The results of the tools that the model has called, oldest first, as text. */
  get toolResults(): string[] {
    const results = toolResultsIn(this.requests.flatMap(({ messages }) => messages));
    return [...new Set(results.map(({ content }) => JSON.stringify(content)))];
  }

  /** All that the model was told so far. */
  get told(): string {
    return JSON.stringify(this.requests.map(({ messages }) => messages.at(-1)));
  }

  async stop(): Promise<void> {
    await this.#server.stop(true);
  }

  async #answer(request: Request): Promise<Response> {
    if (!new URL(request.url).pathname.endsWith("/v1/messages")) return Response.json({ input_tokens: 1 });
    const body = (await request.json()) as MessagesRequest & { model: string; stream?: boolean };
    this.requests.push(body);
    const step = this.#stepFor(body.messages) ?? { say: "Nothing is scripted for this." };
    const id = ++this.#answers;
    const block =
      "say" in step
        ? { type: "text", text: step.say }
        : { type: "tool_use", id: `toolu_${id}`, name: step.tool, input: step.args };
    const stop_reason = "say" in step ? "end_turn" : "tool_use";
    const usage = { input_tokens: 10, output_tokens: 5 };
    const message = { id: `msg_${id}`, type: "message", role: "assistant", model: body.model, usage };
    if (body.stream !== true) return Response.json({ ...message, content: [block], stop_reason, stop_sequence: null });
    return new Response(toEvents(message, block, stop_reason), { headers: { "content-type": "text/event-stream" } });
  }

  #stepFor(messages: readonly Message[]): MessagesStep | undefined {
    for (let index = messages.length - 1; index >= 0; index--) {
      const text = JSON.stringify(messages[index]);
      const steps = [...this.#scripts].find(
        ([marker]) => messages[index]?.role === "user" && text.includes(marker),
      )?.[1];
      if (steps === undefined) continue;
      return steps[Math.min(toolResultsIn(messages.slice(index)).length, steps.length - 1)];
    }
    return undefined;
  }
}

function toolResultsIn(messages: readonly Message[]): ContentBlock[] {
  const blocks = messages.flatMap(({ content }) => (typeof content === "string" ? [] : content));
  return blocks.filter(({ type }) => type === "tool_result");
}

/** The stream of one answer of one block. */
function toEvents(
  message: object,
  block: { type: string; text?: string; input?: object },
  stop_reason: string,
): string {
  const isText = block.type === "text";
  const start = isText ? { type: "text", text: "" } : { ...block, input: {} };
  const delta = isText
    ? { type: "text_delta", text: block.text }
    : { type: "input_json_delta", partial_json: JSON.stringify(block.input) };
  const events = [
    { type: "message_start", message: { ...message, content: [], stop_reason: null, stop_sequence: null } },
    { type: "content_block_start", index: 0, content_block: start },
    { type: "content_block_delta", index: 0, delta },
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 5 } },
    { type: "message_stop" },
  ];
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");
}
