import type { CompleteRequest, CompleteResult } from "@modelcontextprotocol/sdk/types.js";
import type { AppContext } from "#tasks/context.ts";
import { listTaskIds } from "#store/tasks/list-tasks.ts";
import { ALL_PROMPTS } from "#mcp/prompts/all-prompts.ts";

/** Largest number of values that the protocol allows. */
const MAX_VALUES = 100;

/** Returns the values that a client may offer its user for an argument that is being typed. */
export function completeArgument({ ref, argument }: CompleteRequest["params"], open: () => AppContext): CompleteResult {
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
