import type { ToolAnnotations } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import type { AppContext } from "#tasks/context.ts";
import { AppError } from "#base/errors.ts";
import { shorten } from "#base/text.ts";
import type { TaskRecord } from "#domain/record.ts";
import type { ClientLimits } from "#mcp/answers/client-limits.ts";
import type { ToolData } from "#mcp/answers/respond.ts";

/** Result of a tool's handler: an answer, or a run for which the client polls (`takesTasks`). */
export type Answer = ToolData | { task: TaskRecord };

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
  /** Whether the client accepts a task as an answer. */
  takesTasks: boolean;
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
  /** Creates the output schema when it is needed. */
  output: () => Output;
  handle: (args: z.output<Input>, call: Call) => Promise<{ isError?: boolean; data: object } | { task: TaskRecord }>;
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
      annotations,
      inputSchema: toJsonSchema(spec.input, "input"),
      outputSchema: outputSchemaOf(spec.output(), withAnswers),
    }),
    call: async (args, call) => {
      checkArguments(spec.name, args);
      const parsed = spec.input.safeParse(args ?? {});
      if (!parsed.success) throw badArguments(spec.name, spec.input, parsed.error);
      const answer = await spec.handle(parsed.data, call);
      return "task" in answer ? answer : { isError: answer.isError ?? false, data: answer.data };
    },
  };
}

function outputSchemaOf(schema: z.ZodObject, withAnswers: boolean): { type: "object" } {
  const full: JsonObject = toJsonSchema(schema, "output");
  return withAnswers ? full : { type: "object", ...promiseOf(full) };
}

type JsonObject = { type: "object" } & z.core.JSONSchema.BaseSchema;

/** Returns the fields that are always present, with their types. */
function promiseOf({ properties = {}, required = [] }: JsonObject): Pick<JsonObject, "properties" | "required"> {
  if (required.length === 0) return {};
  return { properties: Object.fromEntries(required.map((name) => [name, typeOf(properties[name])])), required };
}

function typeOf(schema: boolean | z.core.JSONSchema.BaseSchema | undefined): z.core.JSONSchema.BaseSchema {
  if (typeof schema !== "object") return {};
  const { type, items, deprecated } = schema;
  const isList = items !== undefined && !Array.isArray(items);
  return {
    ...(type !== undefined && { type }),
    ...(isList && { items: typeOf(items) }),
    ...(deprecated === true && { deprecated }),
  };
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
  // The keys of a record are always strings.
  delete schema.propertyNames;
  const { additionalProperties: more } = schema;
  // Everything is allowed unless the schema says otherwise; an answer may have more fields than its schema has.
  const saysNothing = typeof more === "object" && Object.keys(more).length === 0;
  if (saysNothing || (io === "output" && more === false)) delete schema.additionalProperties;
}

function badArguments(tool: string, input: z.ZodObject, error: z.ZodError): AppError {
  const faults = error.issues.map((issue) => {
    const where = issue.path.length === 0 ? "" : `${issue.path.join(".")}: `;
    return shorten(where + issue.message, MAX_FAULT_CHARACTERS);
  });
  const parameters = Object.entries(input.shape).map(([name, type]) =>
    isOptional(type) ? name : `${name} (required)`,
  );
  return new AppError(
    "invalid_argument",
    `${tool} was called with invalid arguments: ${faults.slice(0, MAX_FAULTS).join("; ")}.`,
    `Use its parameters: ${parameters.join(", ")}.`,
  );
}

/** Largest number of faults that a message names. A client may send any number of faults, of any length. */
const MAX_FAULTS = 5;
const MAX_FAULT_CHARACTERS = 300;

function isOptional(type: unknown): boolean {
  return type instanceof z.ZodOptional || type instanceof z.ZodDefault;
}

const MAX_DEPTH = 64;
const MAX_VALUES = 20_000;

/**
 * Checks the shape of a tool's arguments before their content: depth, number of values, and characters that no path,
 * name or text may contain. Does not recurse.
 * @throws AppError `invalid_argument` naming the parameter
 */
function checkArguments(tool: string, args: unknown): void {
  if (typeof args !== "object" || args === null) return;
  let values = 0;
  for (const [parameter, top] of Object.entries(args)) {
    if (hasNul(parameter)) throw refuse(tool, "one", "has a name with a NUL character");
    const left: [value: unknown, depth: number][] = [[top, 1]];
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const [value, depth] = next;
      if (++values > MAX_VALUES) throw refuse(tool, parameter, `contains more than ${MAX_VALUES} values`);
      if (hasNul(value)) throw refuse(tool, parameter, "contains a NUL character");
      if (typeof value !== "object" || value === null) continue;
      if (depth > MAX_DEPTH) throw refuse(tool, parameter, `is nested deeper than ${MAX_DEPTH} levels`);
      for (const [key, below] of Object.entries(value)) {
        if (hasNul(key)) throw refuse(tool, parameter, "contains a NUL character");
        left.push([below, depth + 1]);
      }
    }
  }
}

function hasNul(value: unknown): boolean {
  return typeof value === "string" && value.includes("\0");
}

function refuse(tool: string, parameter: string, what: string): AppError {
  return new AppError(
    "invalid_argument",
    `${tool} was called with invalid arguments: ${shorten(parameter, 60)} ${what}.`,
    "Correct it, and call again.",
  );
}
