import * as v from "valibot";
import {
  type AnswerContent,
  type AskedChange,
  type Decision,
  DECISIONS,
  type QuestionContent,
  type QuestionField,
} from "#domain/question.ts";
import { type AskedQuestion, readElicitation } from "./read-elicitation.ts";

// Reads the requests of an app-server to its clients as questions, and writes the answers in the form that each wants. Decisions that
// would change the user's configuration (rules for further commands or hosts) are not offered.

const text = v.nullish(v.string(), "");
const optional = v.nullish(v.string());

const CommandSchema = v.looseObject({
  kind: v.nullish(v.string(), "command"),
  command: text,
  cwd: optional,
  reason: optional,
  networkApprovalContext: v.nullish(v.looseObject({ host: text, protocol: text })),
  additionalPermissions: v.nullish(v.unknown()),
  availableDecisions: v.nullish(v.array(v.unknown())),
});
const ChangesSchema = v.looseObject({ itemId: text, reason: optional, grantRoot: optional });
const PermissionsSchema = v.looseObject({ cwd: optional, reason: optional, permissions: v.looseObject({}) });
const OptionSchema = v.looseObject({ label: v.string(), description: text });
const InputSchema = v.looseObject({
  questions: v.pipe(
    v.array(
      v.looseObject({
        id: v.string(),
        header: text,
        question: text,
        isOther: v.nullish(v.boolean(), false),
        options: v.nullish(v.array(OptionSchema), []),
      }),
    ),
    v.minLength(1),
  ),
});
/**
 * Reads a request of the app-server.
 * @param changes changes of the item that the request is about, if it is known
 * @returns undefined if it is no question, or not one that can be shown
 */
export function readQuestion(
  method: string,
  params: unknown,
  id: string,
  changes: (itemId: string) => AskedChange[] | undefined,
): AskedQuestion | undefined {
  switch (method) {
    case "item/commandExecution/requestApproval":
      return read(CommandSchema, params, (asked) => askCommand(id, asked));
    case "item/fileChange/requestApproval":
      return read(ChangesSchema, params, (asked) => askChanges(id, asked, changes(asked.itemId)));
    case "item/permissions/requestApproval":
      return read(PermissionsSchema, params, (asked) => askPermissions(id, asked));
    case "item/tool/requestUserInput":
      return read(InputSchema, params, (asked) => askInput(id, asked));
    case "mcpServer/elicitation/request":
      return readElicitation(params, id);
    default:
      return undefined;
  }
}

function read<Schema extends v.GenericSchema, Result>(
  schema: Schema,
  params: unknown,
  ask: (asked: v.InferOutput<Schema>) => Result | undefined,
): Result | undefined {
  const parsed = v.safeParse(schema, params);
  return parsed.success ? ask(parsed.output) : undefined;
}

/** Names of the app-server for decisions. */
const NAMES: Record<Decision, string> = {
  accept: "accept",
  accept_for_session: "acceptForSession",
  decline: "decline",
  cancel: "cancel",
};
const toDecision = ({ decision }: AnswerContent): object => ({ decision: NAMES[decision] });

function askCommand(id: string, asked: v.InferOutput<typeof CommandSchema>): AskedQuestion {
  const { kind, command, cwd, networkApprovalContext: network, additionalPermissions, availableDecisions } = asked;
  const offered = availableDecisions ?? Object.values(NAMES);
  const isKnown = command !== "" || isObject(network) || isObject(additionalPermissions);
  // A refusal is always possible, and what is not known cannot be approved.
  const isPossible = (decision: Decision) => isKnown || decision === "cancel";
  const decisions = DECISIONS.filter(
    (decision) => decision === "decline" || (offered.includes(NAMES[decision]) && isPossible(decision)),
  );
  const sentence =
    network !== null && network !== undefined
      ? `Let Codex connect to ${[network.protocol, network.host].filter(Boolean).join("://")}`
      : kind === "writeStdin"
        ? "Let Codex send input to a running command"
        : "Let Codex run a command that its sandbox does not allow";
  const question: QuestionContent = {
    id,
    kind: "command",
    text: sentence,
    decisions,
    ...(command !== "" && { command }),
    ...(cwd !== null && cwd !== undefined && { cwd }),
    ...withReason(asked),
    ...(isObject(additionalPermissions) && { permissions: listPermissions(additionalPermissions) }),
  };
  return { question, toResult: toDecision };
}

function askChanges(
  id: string,
  asked: v.InferOutput<typeof ChangesSchema>,
  changes: AskedChange[] | undefined,
): AskedQuestion {
  const { grantRoot } = asked;
  const question: QuestionContent = {
    id,
    kind: "changes",
    text: "Let Codex change files that its sandbox does not allow to change",
    decisions: changes === undefined ? ["decline", "cancel"] : ["accept", "accept_for_session", "decline", "cancel"],
    changes: changes ?? [],
    ...(grantRoot !== null && grantRoot !== undefined && { permissions: [`write to ${grantRoot}`] }),
    ...withReason(asked),
  };
  return { question, toResult: toDecision };
}

function askPermissions(id: string, asked: v.InferOutput<typeof PermissionsSchema>): AskedQuestion {
  const question: QuestionContent = {
    id,
    kind: "permissions",
    text: "Grant Codex more permissions",
    decisions: ["accept", "accept_for_session", "decline"],
    permissions: listPermissions(asked.permissions),
    ...(typeof asked.cwd === "string" && { cwd: asked.cwd }),
    ...withReason(asked),
  };
  const granted = Object.fromEntries(Object.entries(asked.permissions).filter(([, value]) => value !== null));
  return {
    question,
    toResult: ({ decision }) => ({
      permissions: decision === "decline" ? {} : granted,
      scope: decision === "accept_for_session" ? "session" : "turn",
    }),
  };
}

function askInput(id: string, { questions }: v.InferOutput<typeof InputSchema>): AskedQuestion {
  const fields = questions.map(({ id: name, header, question, options, isOther }): QuestionField => {
    const choices = (options ?? []).map(({ label, description }) => ({ value: label, text: description || label }));
    return {
      name,
      text: question || header,
      type: choices.length === 0 ? "text" : "choice",
      ...(choices.length > 0 && { options: choices }),
      ...(isOther && { is_open: true }),
      is_required: true,
    };
  });
  const question: QuestionContent = {
    id,
    kind: "input",
    text: questions.length === 1 ? "Codex asks" : `Codex asks ${questions.length} questions`,
    decisions: ["accept", "decline"],
    fields,
  };
  return {
    question,
    toResult: ({ values = {} }) => ({
      answers: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { answers: [String(value)] }])),
    }),
  };
}

function withReason({ reason }: { reason?: string | null | undefined }): { reason?: string } {
  return reason ? { reason } : {};
}

/** Lists permissions, each as its name with its value: what a newer Codex may add is shown, too. */
function listPermissions(permissions: Readonly<Record<string, unknown>>, path = ""): string[] {
  return Object.entries(permissions).flatMap(([name, value]) => {
    if (value === null || value === undefined) return [];
    return isObject(value) ? listPermissions(value, `${path}${name}.`) : [`${path}${name}: ${JSON.stringify(value)}`];
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
