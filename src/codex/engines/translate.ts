import * as v from "valibot";
import type { Usage } from "#domain/usage.ts";
import { ItemSet } from "./item-set.ts";
import { toLoggedChanges } from "./logged-changes.ts";

// Translates what `codex app-server` reports into the lines that `codex exec --json` writes, so that everything that reads a run's log
// works with both engines. Items of unknown types keep their type and their fields.

/** Line of the log, before it is written as JSON. */
export type EngineLine = Record<string, unknown> & { type: string };

const text = v.nullish(v.string(), "");
const texts = v.nullish(v.array(v.string()), []);

const ItemSchema = v.looseObject({ type: v.string(), id: text });
type AppServerItem = v.InferOutput<typeof ItemSchema>;

const ItemParams = v.looseObject({ item: ItemSchema });
const ErrorParams = v.looseObject({
  error: v.looseObject({ message: text }),
  willRetry: v.nullish(v.boolean(), false),
});
const WarningParams = v.looseObject({ message: text });
const PlanParams = v.looseObject({ plan: v.nullish(v.array(v.looseObject({ step: text, status: text })), []) });
const UsageParams = v.looseObject({
  tokenUsage: v.looseObject({
    total: v.looseObject({
      inputTokens: v.nullish(v.number(), 0),
      cachedInputTokens: v.nullish(v.number(), 0),
      outputTokens: v.nullish(v.number(), 0),
      reasoningOutputTokens: v.nullish(v.number(), 0),
    }),
  }),
});
const TurnParams = v.looseObject({
  turn: v.looseObject({
    id: text,
    status: text,
    error: v.nullish(v.looseObject({ message: text })),
  }),
});

/** Translator of one thread's notifications. It remembers which items the log has, so that none is written twice. */
export class Translator {
  /** Items that the log has, whole. */
  readonly #completed: ItemSet;
  readonly #started = new ItemSet();
  readonly #messages: Set<string>;
  #usage: Usage | undefined;
  /** Last message of the agent that was translated. */
  lastMessage: string | undefined;

  readonly #runId: string;
  readonly #onMessage: (clientId: string) => void;

  /**
   * @param runId name of the run's own message, the prompt, which is not an event
   * @param onMessage called with the name of each message that the thread has
   * @param logged parts of the run that the log already has
   */
  constructor(
    runId: string,
    onMessage: (clientId: string) => void,
    logged?: { completed: ItemSet; read: Set<string> },
  ) {
    this.#runId = runId;
    this.#onMessage = onMessage;
    this.#completed = new ItemSet(logged?.completed);
    this.#messages = new Set(logged?.read);
  }

  /** Returns whether the thread has a message of this name. */
  hasMessage(clientId: string): boolean {
    return this.#messages.has(clientId);
  }

  /** Returns the lines for a notification; none for those that `exec` does not report. */
  translate(method: string, params: unknown): EngineLine[] {
    switch (method) {
      case "item/started":
        return read(ItemParams, params, ({ item }) => this.start(item));
      case "item/completed":
        return read(ItemParams, params, ({ item }) => this.complete(item));
      case "turn/started":
        return [{ type: "turn.started" }];
      case "turn/completed":
        return read(TurnParams, params, ({ turn }) => this.#endTurn(turn));
      case "turn/plan/updated":
        return read(PlanParams, params, ({ plan }) => [toPlan(plan)]);
      case "thread/tokenUsage/updated":
        return read(UsageParams, params, ({ tokenUsage }) => this.#countTokens(tokenUsage.total));
      case "error":
        return read(ErrorParams, params, ({ error, willRetry }) => [
          { type: "error", message: willRetry ? `Reconnecting... ${error.message}` : error.message },
        ]);
      case "warning":
        return read(WarningParams, params, ({ message }) => [
          { type: "item.completed", item: { id: "", type: "error", message } },
        ]);
      default:
        return [];
    }
  }

  /** Returns the line for an item that began. */
  start(item: AppServerItem): EngineLine[] {
    const translated = translateItem(item);
    const isKnown = item.id !== "" && this.#completed.has(translated);
    if (isKnown || !REPORTED_AT_START.has(item.type) || !this.#started.add(translated)) return [];
    return [{ type: "item.started", item: translated }];
  }

  /** Returns the line for a completed item, unless the log has it. */
  complete(item: AppServerItem): EngineLine[] {
    if (item.type === "agentMessage" && typeof item["text"] === "string") this.lastMessage = item["text"];
    const { clientId } = item;
    if (typeof clientId === "string" && !this.#messages.has(clientId)) {
      this.#messages.add(clientId);
      this.#onMessage(clientId);
    }
    const translated = translateItem(item);
    if (!this.#completed.add(translated) || clientId === this.#runId) return [];
    return [{ type: "item.completed", item: translated }];
  }

  #countTokens(total: v.InferOutput<typeof UsageParams>["tokenUsage"]["total"]): EngineLine[] {
    const usage: Usage = {
      input_tokens: total.inputTokens,
      cached_input_tokens: total.cachedInputTokens,
      output_tokens: total.outputTokens,
      reasoning_output_tokens: total.reasoningOutputTokens,
    };
    if (Bun.deepEquals(usage, this.#usage)) return [];
    this.#usage = usage;
    return [{ type: "usage.updated", usage }];
  }

  #endTurn({ status, error }: v.InferOutput<typeof TurnParams>["turn"]): EngineLine[] {
    if (status === "completed") {
      return [{ type: "turn.completed", ...(this.#usage !== undefined && { usage: this.#usage }) }];
    }
    const message = error?.message || `The turn was ${status}.`;
    return [
      { type: "error", message },
      { type: "turn.failed", error: { message } },
    ];
  }
}

/** Parses an item of `thread/items/list`. */
export function parseItem(value: unknown): AppServerItem | undefined {
  const parsed = v.safeParse(ItemSchema, value);
  return parsed.success ? parsed.output : undefined;
}

function read<Schema extends v.GenericSchema>(
  schema: Schema,
  params: unknown,
  translate: (params: v.InferOutput<Schema>) => EngineLine[],
): EngineLine[] {
  const parsed = v.safeParse(schema, params);
  return parsed.success ? translate(parsed.output) : [{ type: "unreadable", params }];
}

/** Types of items of which `exec` reports the beginning. */
const REPORTED_AT_START = new Set([
  "commandExecution",
  "fileChange",
  "mcpToolCall",
  "collabAgentToolCall",
  "webSearch",
]);

const CommandSchema = v.looseObject({
  command: text,
  aggregatedOutput: text,
  exitCode: v.nullish(v.number()),
  status: text,
});
const ChangesSchema = v.looseObject({
  changes: v.nullish(v.array(v.looseObject({ path: text, kind: v.looseObject({ type: text }), diff: text })), []),
  status: text,
});
const ReasoningSchema = v.looseObject({ summary: texts, content: texts });
const UserMessageSchema = v.looseObject({
  clientId: v.nullish(v.string()),
  content: v.nullish(v.array(v.looseObject({ type: text, text })), []),
});
const CallSchema = v.looseObject({ server: text, tool: text, status: text });
const SearchSchema = v.looseObject({ query: text });

/** Translates an item into the shape that `exec` gives it. An item that cannot be read keeps its own shape, and counts as unknown. */
function translateItem(item: AppServerItem): EngineLine & { id: string } {
  const { id } = item;
  const own = { ...item, id, type: toSnakeCase(item.type) };
  const as = <Schema extends v.GenericSchema>(schema: Schema, shape: (value: v.InferOutput<Schema>) => EngineLine) => {
    const parsed = v.safeParse(schema, item);
    return parsed.success ? { id, ...shape(parsed.output) } : own;
  };
  switch (item.type) {
    case "agentMessage":
      return as(v.looseObject({ text }), (message) => ({ type: "agent_message", text: message.text }));
    case "reasoning":
      return as(ReasoningSchema, ({ summary, content }) => ({
        type: "reasoning",
        text: (summary.length > 0 ? summary : content).join("\n\n"),
      }));
    case "userMessage":
      return as(UserMessageSchema, ({ content, clientId }) => ({
        type: "user_message",
        text: content.map((part) => part.text).join("\n"),
        ...(clientId !== undefined && clientId !== null && { client_id: clientId }),
      }));
    case "commandExecution":
      return as(CommandSchema, ({ command, aggregatedOutput, exitCode, status }) => ({
        type: "command_execution",
        command,
        aggregated_output: aggregatedOutput,
        exit_code: exitCode ?? null,
        status: toSnakeCase(status),
      }));
    case "fileChange":
      return as(ChangesSchema, ({ changes, status }) => ({
        type: "file_change",
        changes: toLoggedChanges(changes),
        status: toSnakeCase(status),
      }));
    case "mcpToolCall":
      return as(CallSchema, ({ server, tool, status }) => ({
        ...item,
        type: "mcp_tool_call",
        server,
        tool,
        status: toSnakeCase(status),
      }));
    case "webSearch":
      return as(SearchSchema, ({ query }) => ({ type: "web_search", query }));
    default:
      return own;
  }
}

function toPlan(plan: readonly { step: string; status: string }[]): EngineLine {
  const items = plan.map(({ step, status }) => ({ text: step, completed: status === "completed" }));
  return { type: "item.updated", item: { id: "plan", type: "todo_list", items } };
}

function toSnakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
