import * as v from "valibot";

// Codex may write null for what it leaves out.
const text = v.nullish(v.string(), "");

const ItemSchema = v.variant("type", [
  v.object({ type: v.literal("agent_message"), text }),
  v.object({ type: v.literal("reasoning"), text }),
  v.object({
    type: v.literal("user_message"),
    text,
    /** Name of a message. */
    client_id: v.optional(v.string()),
    /** Whether it is the prompt of a turn that has not begun. */
    is_prompt: v.optional(v.boolean()),
  }),
  v.object({
    type: v.literal("command_execution"),
    id: text,
    command: text,
    aggregated_output: text,
    exit_code: v.nullish(v.number()),
    status: text,
  }),
  v.object({
    type: v.literal("file_change"),
    id: text,
    changes: v.nullish(
      v.array(
        v.object({
          path: v.string(),
          kind: text,
          /** The change itself; only the app-server engine writes it. */
          diff: v.nullish(v.string()),
        }),
      ),
      [],
    ),
    status: text,
  }),
  v.object({ type: v.literal("mcp_tool_call"), id: text, server: text, tool: text, status: text }),
  v.object({ type: v.literal("collab_tool_call"), tool: text, status: text }),
  v.object({ type: v.literal("web_search"), query: text }),
  v.object({
    type: v.literal("todo_list"),
    items: v.nullish(v.array(v.object({ text: v.string(), completed: v.nullish(v.boolean(), false) })), []),
  }),
  v.object({ type: v.literal("error"), message: text }),
]);

const count = v.nullish(v.number(), 0);

/** Schema of token counts as Codex writes them. */
export const UsageSchema = v.object({
  input_tokens: count,
  cached_input_tokens: count,
  output_tokens: count,
  reasoning_output_tokens: count,
});

// Items of types or forms that only a newer Codex knows keep their type; the rest is ignored.
const UnreadItemSchema = v.pipe(
  v.object({ type: v.string() }),
  v.transform(({ type }) => ({ type, isUnread: true as const })),
);
const AnyItemSchema = v.union([ItemSchema, UnreadItemSchema]);

const EventSchema = v.variant("type", [
  v.object({ type: v.literal("thread.started"), thread_id: v.string() }),
  v.object({ type: v.literal("turn.started") }),
  v.object({ type: v.literal("item.started"), item: AnyItemSchema }),
  v.object({ type: v.literal("item.updated"), item: AnyItemSchema }),
  v.object({ type: v.literal("item.completed"), item: AnyItemSchema }),
  v.object({ type: v.literal("turn.completed"), usage: v.nullish(UsageSchema) }),
  v.object({ type: v.literal("turn.failed"), error: v.nullish(v.object({ message: text }), {}) }),
  v.object({ type: v.literal("turn.interrupted") }),
  v.object({ type: v.literal("error"), message: text }),
  // This server's own events: Codex asks, and gets an answer.
  v.object({ type: v.literal("question"), question: v.looseObject({ id: v.string(), kind: text, text }) }),
  v.object({ type: v.literal("answer"), id: v.string(), decision: text, by: text, cause: v.optional(v.string()) }),
  // The check of the work after a turn.
  v.object({ type: v.literal("check.started"), command: text, attempt: count }),
  v.object({
    type: v.literal("check.completed"),
    command: text,
    attempt: count,
    passed: v.boolean(),
    exit_code: v.nullish(v.number()),
    seconds: count,
    output_tail: text,
    why: v.nullish(v.string()),
  }),
  // The run waits until a limit of the account is reset, and then continues.
  v.object({ type: v.literal("quota.waiting"), until: v.string(), message: text, seconds: count }),
  v.object({ type: v.literal("quota.over") }),
  // Tokens of the whole session so far, within a turn.
  v.object({ type: v.literal("usage.updated"), usage: UsageSchema }),
  // Written by this server's app-server engine.
  v.object({ type: v.literal("goal.updated"), status: v.string(), tokens_used: count }),
]);

/** Item of a turn whose type this version knows. */
export type CodexItem = v.InferOutput<typeof ItemSchema>;

/** Event of `codex exec --json`; `unknown` is an event that this version does not know. */
export type CodexEvent = v.InferOutput<typeof EventSchema> | { type: "unknown"; name: string };

const NamedSchema = v.object({ type: v.string() });
const KNOWN_ITEMS: ReadonlySet<string> = new Set(ItemSchema.options.map((option) => option.entries.type.literal));

/** Parses one line of the log; returns undefined if it is not an event (a torn line, stray output). */
export function parseEvent(line: string): CodexEvent | undefined {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return undefined;
  }
  const event = v.safeParse(EventSchema, json);
  if (event.success) return event.output;
  const named = v.safeParse(NamedSchema, json);
  return named.success ? { type: "unknown", name: named.output.type } : undefined;
}

/** Returns whether this version knows the fields of an event's item. */
export function isKnownItem(item: { type: string }): item is CodexItem {
  return KNOWN_ITEMS.has(item.type) && !("isUnread" in item);
}
