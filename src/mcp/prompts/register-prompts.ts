import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import {
  type CompleteRequest,
  CompleteRequestSchema,
  type CompleteResult,
  GetPromptRequestSchema,
  ListPromptsRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { AppError } from "#base/errors.ts";
import { onRequest } from "#mcp/protocol/on-request.ts";
import type { Session } from "#mcp/session.ts";
import { describePrompt, type Prompt, renderPrompt } from "./define-prompt.ts";
import { implement } from "./implement.ts";
import { longRun } from "./long-run.ts";
import { parallelModules } from "./parallel-modules.ts";
import { resume } from "./resume.ts";
import { review } from "./review.ts";
import type { AppContext } from "#tasks/context.ts";
import { listTaskIds } from "#store/tasks/list-tasks.ts";

/** Lists and renders the prompts, and completes arguments of prompts and resources. */
export function registerPrompts(server: Server, session: Session): void {
  onRequest(server, ListPromptsRequestSchema, () => ({ prompts: ALL_PROMPTS.map(describePrompt) }));
  onRequest(server, GetPromptRequestSchema, ({ name, arguments: given = {} }) => {
    const prompt = ALL_PROMPTS.find((candidate) => candidate.name === name);
    if (prompt !== undefined) return renderPrompt(prompt, given);
    const names = ALL_PROMPTS.map((each) => each.name).join(", ");
    throw new AppError("invalid_argument", `There is no prompt "${name}".`, `Use one of: ${names}.`);
  });
  onRequest(server, CompleteRequestSchema, (params) => completeArgument(params, session.open));
}

/** Prompts in the order in which clients list them. */
export const ALL_PROMPTS: readonly Prompt[] = [review, implement, parallelModules, longRun, resume];

/** Largest number of values that the protocol allows. */
const MAX_VALUES = 100;

/** Returns the values that a client may offer its user for an argument that is being typed. */
function completeArgument({ ref, argument }: CompleteRequest["params"], open: () => AppContext): CompleteResult {
  const values = ref.type === "ref/prompt" ? completePrompt(ref.name, argument, open) : completeTask(argument, open);
  return { completion: { values: values.slice(0, MAX_VALUES), hasMore: values.length > MAX_VALUES } };
}

interface TypedArgument {
  name: string;
  value: string;
}

function completePrompt(name: string, { name: argument, value }: TypedArgument, open: () => AppContext): string[] {
  const prompt = ALL_PROMPTS.find((candidate) => candidate.name === name);
  return prompt?.arguments[argument]?.complete?.(value, open) ?? [];
}

/** Completes the variable of all templates: ids by their beginning, with or without `codex-`. */
function completeTask({ name, value }: TypedArgument, open: () => AppContext): string[] {
  if (name !== "task_id") return [];
  const { store } = open();
  const ids = listTaskIds(store, value, MAX_VALUES + 1);
  return ids.length > 0 ? ids : listTaskIds(store, `codex-${value}`, MAX_VALUES + 1);
}
