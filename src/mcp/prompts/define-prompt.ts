import type { GetPromptResult, Prompt as PromptListing } from "@modelcontextprotocol/sdk/types.js";
import type { AppContext } from "#tasks/context.ts";
import { AppError } from "#base/errors.ts";

/** Argument of a prompt that the user may give. */
export interface PromptArgument {
  description: string;
  isRequired?: true;
  /** Returns values that begin with what the user has typed. */
  complete?: (typed: string, open: () => AppContext) => string[];
}

/** Prompt that a client offers its user, for example as a command. */
export interface Prompt {
  name: string;
  title: string;
  description: string;
  arguments: Record<string, PromptArgument>;
  /** Returns the message for the client's agent. */
  render: (given: Record<string, string | undefined>) => string;
}

/** Returns a prompt's entry in `prompts/list`. */
export function describePrompt(prompt: Prompt): PromptListing {
  const { name, title, description } = prompt;
  const args = Object.entries(prompt.arguments).map(([argument, { description: text, isRequired }]) => {
    return { name: argument, description: text, required: isRequired === true };
  });
  return { name, title, description, arguments: args };
}

/**
 * Returns the message of a prompt.
 * @throws AppError `invalid_argument` if an argument is missing
 */
export function renderPrompt(prompt: Prompt, given: Record<string, string | undefined>): GetPromptResult {
  const required = Object.entries(prompt.arguments).filter(([, { isRequired }]) => isRequired === true);
  const missing = required.map(([name]) => name).filter((name) => !given[name]?.trim());
  if (missing.length > 0) {
    const names = Object.keys(prompt.arguments).join(", ");
    throw new AppError(
      "invalid_argument",
      `The prompt ${prompt.name} needs ${missing.join(", ")}.`,
      `Give its arguments: ${names}.`,
    );
  }
  const text = prompt.render(given);
  return { description: prompt.description, messages: [{ role: "user", content: { type: "text", text } }] };
}
