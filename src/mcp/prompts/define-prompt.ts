import type { GetPromptResult, Prompt as PromptListing } from "@modelcontextprotocol/sdk/types.js";
import type { AppContext } from "#tasks/context.ts";
import { AppError } from "#base/errors.ts";

/** Something that the user may say about a prompt. */
export interface PromptArgument {
  description: string;
  isRequired?: true;
  /** Values that begin with what is typed so far. */
  complete?: (typed: string, open: () => AppContext) => string[];
}

/** A prompt that a client offers its user, as a command for example. */
export interface Prompt {
  name: string;
  title: string;
  description: string;
  arguments: Record<string, PromptArgument>;
  /** What the client's agent is then told. */
  render: (given: Record<string, string | undefined>) => string;
}

/** A prompt's entry in `prompts/list`. */
export function describePrompt(prompt: Prompt): PromptListing {
  const { name, title, description } = prompt;
  const args = Object.entries(prompt.arguments).map(([argument, { description: text, isRequired }]) => {
    return { name: argument, description: text, required: isRequired === true };
  });
  return { name, title, description, arguments: args };
}

/**
 * The message of a prompt.
 * @throws AppError `invalid_argument` where an argument is missing
 */
export function renderPrompt(prompt: Prompt, given: Record<string, string | undefined>): GetPromptResult {
  const required = Object.entries(prompt.arguments).filter(([, { isRequired }]) => isRequired === true);
  const missing = required.map(([name]) => name).filter((name) => !given[name]?.trim());
  if (missing.length > 0) {
    const names = Object.keys(prompt.arguments).join(", ");
    throw new AppError(
      "invalid_argument",
      `The prompt ${prompt.name} needs: ${missing.join(", ")}.`,
      `Its arguments: ${names}.`,
    );
  }
  const text = prompt.render(given);
  return { description: prompt.description, messages: [{ role: "user", content: { type: "text", text } }] };
}
