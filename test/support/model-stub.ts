import { serveOnLoopback } from "./loopback.ts";
import { type OutputItem, type Step, type Turn, turnAt } from "./stub-script.ts";

/** Tokens that every answer of the stub reports, so that tests can add them up. */
export const TOKENS_PER_ANSWER = { input: 100, output: 20 } as const;

/**
 * A scripted Responses API on loopback: what the model "thinks" is set per prompt. A request is
 * matched by the newest user message that holds a script's marker; the tool results after that
 * message say how far the script has come, so the stub keeps no state of its own per run.
 */
export class ModelStub {
  readonly #scripts = new Map<string, readonly Step[]>();
  readonly #server = serveOnLoopback((request) => this.#answer(request));
  #calls = 0;
  /** Bodies of the requests that came, oldest first. */
  readonly requests: StubRequest[] = [];
  /** What a request is answered instead of by its script; undefined: by its script. */
  refuse: (request: StubRequest) => Response | undefined = () => undefined;
  /** Headers of the answers that scripts give. */
  headers: () => Record<string, string> = () => ({});

  /** The API's address, as `base_url` wants it. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.port}/v1`;
  }

  /** What the tools answered that the model called, oldest first, each once. */
  get toolOutputs(): string[] {
    const outputs = new Map<string, string>();
    for (const item of this.requests.flatMap(({ input }) => input)) {
      if (item.call_id !== undefined && item.type.endsWith("_call_output")) {
        outputs.set(item.call_id, typeof item.output === "string" ? item.output : JSON.stringify(item.output));
      }
    }
    return [...outputs.values()];
  }

  /** What the model does when a prompt holds `marker`. */
  script(marker: string, steps: readonly Step[]): void {
    this.#scripts.set(marker, steps);
  }

  async stop(): Promise<void> {
    await this.#server.stop(true);
  }

  async #answer(request: Request): Promise<Response> {
    if (!new URL(request.url).pathname.endsWith("/responses")) return Response.json({ data: [], models: [] });
    const body = (await request.json()) as StubRequest;
    this.requests.push(body);
    const refusal = this.refuse(body);
    if (refusal !== undefined) return refusal;
    const turn = this.#turnFor(body.input);
    if (turn.httpStatus !== undefined) {
      return Response.json(
        { error: turn.httpError ?? { message: "refused by the stub" } },
        { status: turn.httpStatus },
      );
    }
    return new Response(this.#stream(turn), { headers: { "content-type": "text/event-stream", ...this.headers() } });
  }

  #turnFor(input: readonly InputItem[]): Turn {
    const outputs = (from: number) => input.slice(from).filter((item) => item.type.endsWith("_call_output")).length;
    for (let index = input.length - 1; index >= 0; index--) {
      const item = input[index];
      if (item?.role !== "user") continue;
      const text = (item.content ?? []).map((part) => part.text ?? "").join("\n");
      for (const [marker, steps] of this.#scripts) {
        if (text.includes(marker)) return turnAt(steps, outputs(index));
      }
    }
    return { items: [{ say: "The stub has no script for this prompt." }] };
  }

  #stream(turn: Turn): ReadableStream<Uint8Array> {
    const encoder = new TextEncoder();
    const id = `resp_${++this.#calls}`;
    return new ReadableStream({
      start: async (controller) => {
        const send = (type: string, fields: object) => {
          controller.enqueue(encoder.encode(`event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`));
        };
        try {
          send("response.created", { response: { id } });
          for (const item of turn.items) {
            if ("delayMs" in item) await Bun.sleep(item.delayMs);
            else if ("until" in item) await item.until();
            else send("response.output_item.done", { item: this.#outputItem(item) });
          }
          if (turn.end === "hang") return;
          if (turn.end === "break") return controller.close();
          if (turn.failure !== undefined) send("response.failed", { response: { id, error: turn.failure } });
          else send("response.completed", { response: { id, usage: usageOf() } });
          controller.close();
        } catch {
          // The client went away in the middle: nothing is owed to it.
        }
      },
    });
  }

  #outputItem(item: OutputItem): object {
    const id = `call_${process.pid}_${++this.#calls}`;
    if ("say" in item) {
      return { type: "message", role: "assistant", id, content: [{ type: "output_text", text: item.say }] };
    }
    if ("think" in item) {
      return { type: "reasoning", id, summary: [{ type: "summary_text", text: item.think }] };
    }
    if ("js" in item) return { type: "custom_tool_call", id, call_id: id, name: "exec", input: item.js };
    const functionCall = { type: "function_call", id, call_id: id };
    if ("call" in item) {
      const call = { ...functionCall, name: item.call, arguments: JSON.stringify(item.args) };
      return { ...call, call_id: item.id ?? id };
    }
    if ("tool" in item) {
      const { server, tool, args } = item;
      const call = { ...functionCall, arguments: JSON.stringify(args) };
      const flat = `mcp__${server}__${tool}`;
      // Earlier versions of Codex offer a server's tools one by one.
      const isFlat = this.requests.some(({ tools }) => tools?.some(({ name }) => name === flat) === true);
      return isFlat ? { ...call, name: flat } : { ...call, namespace: `mcp__${server}`, name: tool };
    }
    if ("agent" in item) {
      const { agent: name, args } = item;
      return { ...functionCall, namespace: "multi_agent_v1", name, arguments: JSON.stringify(args) };
    }
    const args = { cmd: item.run, yield_time_ms: item.yieldMs ?? 10_000, ...(item.tty === true && { tty: true }) };
    return { ...functionCall, name: "exec_command", arguments: JSON.stringify(args) };
  }
}

/** A request as far as the stub looks at it. */
export interface StubRequest {
  model: string;
  input: InputItem[];
  reasoning?: { effort?: string; summary?: string };
  text?: { format?: object };
  tools?: { name?: string }[];
}

interface InputItem {
  type: string;
  role?: string;
  content?: { type: string; text?: string }[];
  call_id?: string;
  output?: unknown;
}

function usageOf(): object {
  const { input, output } = TOKENS_PER_ANSWER;
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: input + output,
  };
}
