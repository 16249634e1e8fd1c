import * as fc from "fast-check";
import { texts as shortTexts } from "./property.ts";

const texts = fc.oneof(
  { weight: 9, arbitrary: shortTexts },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "long ".repeat(500),
      "x".repeat(501),
      "x".repeat(700),
      "👍🏽".repeat(400),
      `a${"👍🏽".repeat(400)}`,
    ),
  },
);

const ids = fc.constantFrom("", "item_0", "item_1", "item_2", "item_9", "without id 0", "without id 1");
const status = fc.constantFrom("", "in_progress", "completed", "failed", "declined");
const commands = fc.oneof(
  texts,
  fc.constantFrom("/bin/bash -lc 'ls -l'", "systemctl start x", "systemd-run rm x", `at now ${"x".repeat(20_000)}`),
);
const output = fc.oneof(
  texts,
  fc.constantFrom("bwrap: Creating new namespace failed: Operation not permitted", "hi\n"),
);
const exitCode = fc.option(fc.integer({ min: -1, max: 255 }));
const type = <T extends string>(name: T) => fc.constant(name);

const items = fc.oneof(
  fc.record({ type: type("agent_message"), text: texts }),
  fc.record({ type: type("reasoning"), text: texts }),
  fc.record({
    type: type("command_execution"),
    id: ids,
    command: commands,
    aggregated_output: output,
    exit_code: exitCode,
    status,
  }),
  fc.record({
    type: type("file_change"),
    id: ids,
    changes: fc.array(fc.record({ path: texts, kind: fc.constantFrom("add", "delete", "update") })),
    status,
  }),
  fc.record({ type: type("mcp_tool_call"), id: ids, server: texts, tool: texts, status }),
  fc.record({ type: type("collab_tool_call"), tool: texts, status }),
  fc.record({ type: type("web_search"), query: texts }),
  fc.record({ type: type("todo_list"), items: fc.array(fc.record({ text: texts, completed: fc.boolean() })) }),
  fc.record({ type: type("error"), message: texts }),
  fc.record({ type: type("user_message"), text: texts, client_id: fc.uuid(), is_prompt: fc.boolean() }),
);

const count = fc.nat();
const usage = fc.record({
  input_tokens: count,
  cached_input_tokens: count,
  output_tokens: count,
  reasoning_output_tokens: count,
});
const errors = fc.oneof(texts, fc.constantFrom("Reconnecting... 1/5", "waiting for network", "stream closed"));

/** Events of `codex exec --json` in the form that this version knows. */
export const knownEvents = fc.oneof(
  fc.record({ type: type("thread.started"), thread_id: fc.constantFrom("a", "b") }),
  fc.record({ type: type("turn.started") }),
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constantFrom("item.started", "item.updated", "item.completed", "item.completed"),
      item: items,
    }),
  },
  fc.record({ type: type("turn.completed"), usage }),
  fc.record({ type: type("usage.updated"), usage }),
  fc.record({ type: type("turn.failed"), error: fc.record({ message: errors }) }),
  fc.record({ type: type("error"), message: errors }),
  fc.record({
    type: type("goal.updated"),
    status: fc.constantFrom("active", "complete", "blocked"),
    tokens_used: count,
  }),
);

/** Event as {@link knownEvents} makes it. */
export type KnownEvent = typeof knownEvents extends fc.Arbitrary<infer T> ? T : never;

/** Lines that are no event: torn ones, values of other kinds, output of other programs. */
export const garbageLines: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom("", "[]", "null", '"x"', "{", "EXIT_CODE=0", "{}", "[".repeat(20_000)),
  fc.json().filter((json) => !json.includes('"type"')),
  fc.tuple(knownEvents, fc.double({ min: 0, max: 0.99, noNaN: true })).map(([event, part]) => {
    const json = JSON.stringify(event);
    return json.slice(0, Math.floor((json.length - 1) * part));
  }),
  texts.map((text) => text.replaceAll("\n", " ")).filter((text) => !text.startsWith("{")),
);

/** Events and items of a newer Codex. */
export const newEvents = fc.oneof(
  texts.map((name) => ({ type: `new ${name}` })),
  texts.map((name) => ({ type: "item.completed" as const, item: { type: `new ${name}` } })),
);

/** Events with one part replaced by a value of any kind. */
export const wrongEvents: fc.Arbitrary<string> = fc
  .tuple(knownEvents, fc.nat(), fc.jsonValue())
  .map(([event, which, value]) => {
    const paths = pathsOf(event);
    return JSON.stringify(replaceAt(event, paths[which % paths.length] ?? [], value));
  });

function pathsOf(value: unknown): string[][] {
  if (typeof value !== "object" || value === null) return [[]];
  return [[], ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner).map((path) => [key].concat(path)))];
}

function replaceAt(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by;
  const entries = Object.entries(value as object).map(([name, inner]): [string, unknown] => [
    name,
    name === key ? replaceAt(inner, rest, by) : inner,
  ]);
  return Array.isArray(value) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries);
}
