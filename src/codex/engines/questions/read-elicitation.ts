import * as v from "valibot";
import type { AnswerContent, QuestionContent, QuestionField } from "#domain/question.ts";

const text = v.nullish(v.string(), "");

const PropertySchema = v.looseObject({
  type: v.string(),
  title: text,
  description: text,
  enum: v.optional(v.array(v.string())),
  enumNames: v.optional(v.array(v.string())),
  oneOf: v.optional(v.array(v.looseObject({ const: v.string(), title: text }))),
  items: v.optional(
    v.looseObject({
      enum: v.optional(v.array(v.string())),
      anyOf: v.optional(v.array(v.looseObject({ const: v.string(), title: text }))),
    }),
  ),
});
const FormSchema = v.looseObject({
  serverName: text,
  message: text,
  requestedSchema: v.looseObject({
    type: v.literal("object"),
    properties: v.nullish(v.record(v.string(), PropertySchema), {}),
    required: v.nullish(v.array(v.string()), []),
  }),
});
const UrlSchema = v.looseObject({ serverName: text, message: text, url: v.string() });
const ModeSchema = v.looseObject({ mode: v.string() });

/** Question that an app-server asks, and the way to answer it. */
export interface AskedQuestion {
  question: QuestionContent;
  /** Returns the result of the app-server's request. */
  toResult: (answer: AnswerContent) => object;
}

/** Reads a question of an MCP server, which Codex passes on; undefined if it cannot be shown. */
export function readElicitation(params: unknown, id: string): AskedQuestion | undefined {
  const mode = v.safeParse(ModeSchema, params);
  if (!mode.success) return undefined;
  if (mode.output.mode === "url") {
    const parsed = v.safeParse(UrlSchema, params);
    return parsed.success ? askUrl(id, parsed.output) : undefined;
  }
  // Other modes have schemas of any kind, of which parts might not be shown.
  if (mode.output.mode !== "form") return undefined;
  const parsed = v.safeParse(FormSchema, params);
  return parsed.success ? askForm(id, parsed.output) : undefined;
}

function askForm(id: string, asked: v.InferOutput<typeof FormSchema>): AskedQuestion {
  const { serverName, message, requestedSchema } = asked;
  const { properties, required } = requestedSchema;
  const fields = Object.entries(properties ?? {}).map(([name, property]) =>
    toField(name, property, (required ?? []).includes(name)),
  );
  return {
    question: {
      id,
      kind: "form",
      text: message,
      decisions: ["accept", "decline", "cancel"],
      server: serverName,
      ...(fields.length > 0 && { fields }),
    },
    toResult,
  };
}

function askUrl(id: string, { serverName, message, url }: v.InferOutput<typeof UrlSchema>): AskedQuestion {
  const question: QuestionContent = {
    id,
    kind: "url",
    text: message,
    decisions: ["accept", "decline", "cancel"],
    server: serverName,
    url,
  };
  return { question, toResult };
}

function toResult({ decision, values = {} }: AnswerContent): object {
  return { action: decision, content: decision === "accept" ? values : null, _meta: null };
}

function toField(name: string, property: v.InferOutput<typeof PropertySchema>, is_required: boolean): QuestionField {
  const { type, title, description, items } = property;
  const titled = property.oneOf ?? items?.anyOf;
  const values = property.enum ?? items?.enum;
  const options =
    titled?.map((option) => ({ value: option.const, text: option.title || option.const })) ??
    values?.map((value, index) => ({ value, text: property.enumNames?.[index] ?? value }));
  const plain = type === "number" || type === "integer" || type === "boolean" ? type : "text";
  return {
    name,
    text: [title || name, description].filter(Boolean).join(": "),
    type: options === undefined ? plain : type === "array" ? "choices" : "choice",
    ...(options !== undefined && { options }),
    is_required,
  };
}
