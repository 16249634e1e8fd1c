import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import {
  CompleteRequestSchema,
  GetPromptRequestSchema,
  ListPromptsRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { AppError } from "#base/errors.ts";
import { completeArgument } from "#mcp/complete.ts";
import { onRequest } from "#mcp/protocol/on-request.ts";
import type { Session } from "#mcp/session.ts";
import { ALL_PROMPTS } from "./all-prompts.ts";
import { describePrompt, renderPrompt } from "./define-prompt.ts";

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
