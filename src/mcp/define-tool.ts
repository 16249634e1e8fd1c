import type { ToolAnnotations } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import type { AppContext } from "#tasks/context.ts";
import { listSome } from "#base/text.ts";
import type { TaskRecord } from "#domain/record.ts";
import type { ClientLimits } from "#mcp/answers/client-limits.ts";
import type { ToolData } from "#mcp/answers/respond.ts";
import type { CallWait } from "#mcp/ends/awaited-runs.ts";
import type { Elicitation, InputRequired } from "./elicit.ts";
import { readArguments } from "./read-arguments.ts";

/** Result of a tool's handler: an answer, a run for which the client polls (`takesTasks`), or questions for its user. */
export type Answer = ToolData | { task: TaskRecord } | InputRequired;

/** Result of a handler before its tool completes it. */
export type HandlerAnswer = { isError?: boolean; data: object; text?: string } | { task: TaskRecord } | InputRequired;

/** Context of a call. */
export interface Call {
  /** Opens the store at the first call. */
  open: () => AppContext;
  /** Aborts when the user stops the call, but not when the client stops waiting or disconnects. */
  stopped: AbortSignal;
  /** Aborts when nothing waits for the answer any more, for whatever reason. */
  abandoned: AbortSignal;
  /** Returns the client's limits. */
  limits: () => ClientLimits;
  /**
   * Returns the folder that the client works in.
   * @throws AppError `invalid_cwd` if it has none, or several
   */
  findFolder: () => Promise<string>;
  /** Name that the client gives itself. */
  client: string | undefined;
  /** Identity of the client, which a restart of its server does not change. */
  clientKey: string;
  /** Runs that the call waits for. */
  wait: CallWait;
  /** Whether the client accepts a task as an answer. */
  takesTasks: boolean;
  /** Asks the client's user; undefined if the client does not take such requests. */
  elicit: ((params: Elicitation, signal: AbortSignal) => Promise<unknown>) | undefined;
  /** Whether the client's user is asked by the call's result, after which the client calls again. */
  isAskedByResult: boolean;
  /** Answers of the user to such a result, unchecked. */
  inputResponses: unknown;
  /** State that such a result had, unchecked. */
  requestState: unknown;
  /** Reports in one line to the user what is being done; undefined if the client has not asked for progress. */
  reportProgress: ((line: string) => void) | undefined;
}

/** Specification of a tool. */
interface ToolSpec<Input extends z.ZodObject, Output extends z.ZodObject> {
  name: string;
  title: string;
  description: string;
  annotations: ToolAnnotations;
  input: Input;
  /** Tool whose parameters mean the same; their descriptions are not repeated, because definitions are part of every conversation. */
  sameInputAs?: string;
  /** Creates the output schema when it is needed. */
  output: () => Output;
  /** Tool whose answers have the same fields, which are not repeated either. */
  sameOutputAs?: string;
  handle: (args: z.output<Input>, call: Call) => Promise<HandlerAnswer>;
}

/** Tool as the server uses it. */
export interface Tool {
  name: string;
  /**
   * Returns the tool's entry in `tools/list`, created at the first call, because schemas cost start-up time. Of
   * answers, it describes only the fields that are always present: the definitions are part of every conversation, and
   * an answer is self-explanatory. `withAnswers` adds all possible fields with their meaning, for the documents.
   */
  describe: (options?: { withAnswers: boolean }) => ToolListing;
  /**
   * Checks the arguments and does the work.
   * @throws AppError `invalid_argument`, and what the use cases throw
   */
  call: (args: unknown, call: Call) => Promise<Answer>;
}

/** Entry of a tool in `tools/list`. */
export interface ToolListing {
  name: string;
  title: string;
  description: string;
  annotations: ToolAnnotations;
  inputSchema: { type: "object" };
  outputSchema: { type: "object" };
}

/** Creates a tool from its specification. */
export function defineTool<Input extends z.ZodObject, Output extends z.ZodObject>(spec: ToolSpec<Input, Output>): Tool {
  const { name, title, description, annotations } = spec;
  return {
    name,
    describe: ({ withAnswers } = { withAnswers: false }) => ({
      name,
      title,
      description,
      annotations: withAnswers ? annotations : listedHints(annotations),
      inputSchema: inputSchemaOf(spec),
      outputSchema: outputSchemaOf(spec, withAnswers),
    }),
    call: async (args, call) => {
      const { values, ignored } = readArguments(spec.name, spec.input, args);
      const answer = await spec.handle(values, call);
      if ("task" in answer || "inputRequests" in answer) return answer;
      const { isError = false, data, text } = answer;
      return { isError, data: { ...data, ...ignoredNote(data, ignored) }, ...(text !== undefined && { text }) };
    },
  };
}

/** Returns the hints without those that the protocol assumes anyway, or gives no meaning for a tool that only reads. */
function listedHints({ idempotentHint, openWorldHint, destructiveHint, ...hints }: ToolAnnotations): ToolAnnotations {
  return {
    ...hints,
    ...(destructiveHint !== undefined && hints.readOnlyHint !== true && { destructiveHint }),
    ...(idempotentHint === true && hints.readOnlyHint !== true && { idempotentHint }),
    ...(openWorldHint === false && { openWorldHint }),
  };
}

function inputSchemaOf({
  input,
  sameInputAs,
}: Pick<ToolSpec<z.ZodObject, z.ZodObject>, "input" | "sameInputAs">): JsonObject {
  const schema = toJsonSchema(input, "input");
  if (sameInputAs === undefined) return schema;
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    // Kebab-case names are those of the former server, whose callers know them.
    if (name.includes("-")) delete schema.properties?.[name];
    else if (typeof property === "object") {
      for (const repeated of ["description", "minimum", "maximum", "maxItems"] as const) delete property[repeated];
    }
  }
  return schema;
}

function outputSchemaOf(
  { output, sameOutputAs }: Pick<ToolSpec<z.ZodObject, z.ZodObject>, "output" | "sameOutputAs">,
  withAnswers: boolean,
): { type: "object" } {
  if (sameOutputAs !== undefined && !withAnswers) return { type: "object" };
  const full: JsonObject = toJsonSchema(output(), "output");
  return withAnswers ? full : { type: "object", ...promiseOf(full) };
}

type JsonObject = { type: "object" } & z.core.JSONSchema.BaseSchema;

/** Returns the fields that are always present, with their types, without those that have another name now. */
function promiseOf({ properties = {}, required = [] }: JsonObject): Pick<JsonObject, "properties"> {
  const names = required.filter((name) => !isDeprecated(properties[name]));
  if (names.length === 0) return {};
  return { properties: Object.fromEntries(names.map((name) => [name, typeOf(properties[name])])) };
}

function isDeprecated(schema: boolean | z.core.JSONSchema.BaseSchema | undefined): boolean {
  return typeof schema === "object" && schema.deprecated === true;
}

function typeOf(schema: boolean | z.core.JSONSchema.BaseSchema | undefined): z.core.JSONSchema.BaseSchema {
  if (typeof schema !== "object") return {};
  const { type, items } = schema;
  const isList = items !== undefined && !Array.isArray(items);
  return { ...(type !== undefined && { type }), ...(isList && { items: typeOf(items) }) };
}

function toJsonSchema(schema: z.ZodObject, io: "input" | "output"): JsonObject {
  // The dialect is the protocol's default, so the schemas need not name it.
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, {
    io,
    override: ({ jsonSchema }) => leaveOutNoise(jsonSchema, io),
  });
  return { ...json, type: "object" };
}

/** Removes the parts of a schema that say nothing. */
function leaveOutNoise(schema: z.core.JSONSchema.BaseSchema, io: "input" | "output"): void {
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  // A caller hardly comes near the other bounds; the error for a value beyond them names them.
  if (io === "input" && (schema.maximum ?? 0) > 1000) delete schema.maximum;
  // The keys of a record are always strings.
  delete schema.propertyNames;
  const { additionalProperties: more } = schema;
  // Everything is allowed unless the schema says otherwise; an answer may have more fields than its schema has.
  const saysNothing = typeof more === "object" && Object.keys(more).length === 0;
  if (saysNothing || (io === "output" && more === false)) delete schema.additionalProperties;
}

/** Returns the note of an answer, which also names the arguments that were ignored. */
function ignoredNote(data: object, ignored: readonly string[]): { note?: string } {
  if (ignored.length === 0) return {};
  const note = `Ignored unknown parameters: ${listSome(ignored)}.`;
  return { note: "note" in data && typeof data.note === "string" ? `${data.note} ${note}` : note };
}
