import { z } from "zod";
import { AppError } from "#base/errors.ts";
import type { OpenRequest } from "#tasks/start/request/complete-request.ts";
import type { TaskAnswer } from "#tasks/answer.ts";

// Codex had a server of its own, `codex mcp-server`, until 0.153. Its calls work here as they were; the names are its own.

/** Parameters of its tool `codex` that this server has under another name or not at all. */
export const formerInput = z.object({
  "approval-policy": z.enum(["untrusted", "on-failure", "on-request", "never"]).optional(),
  config: z.record(z.string(), z.unknown()).optional().describe('Codex settings, e.g. {"model_verbosity": "low"}'),
  "base-instructions": z.string().optional(),
  "developer-instructions": z.string().optional(),
  "compact-prompt": z.string().optional(),
  "include-plan-tool": z.boolean().optional(),
});

/** Arguments of its tool `codex`. */
export type FormerArguments = z.output<typeof formerInput> & {
  sandbox?: string | undefined;
  approvals?: string | undefined;
};

/** Parameters of the former server, translated for a task. */
interface FormerRequest extends Pick<OpenRequest, "settings" | "baseInstructions"> {
  /** Differences from the former server, for the answer's `note`. */
  notes: string[];
}

/**
 * Reads the parameters of the former server.
 * @throws AppError `invalid_argument`, naming one that cannot be honoured and what to use instead
 */
export function readFormerArguments(args: FormerArguments): FormerRequest {
  const settings: Record<string, unknown> = { ...args.config };
  if (args["developer-instructions"]) settings["developer_instructions"] = args["developer-instructions"];
  if (args["compact-prompt"]) settings["compact_prompt"] = args["compact-prompt"];
  if (args["include-plan-tool"] === false) {
    throw new AppError(
      "invalid_argument",
      "include-plan-tool cannot be false: Codex always has its plan tool.",
      "Omit it.",
    );
  }
  const notes = notesOnApproval(args);
  return {
    ...(Object.keys(settings).length > 0 && { settings }),
    ...(args["base-instructions"] && { baseInstructions: args["base-instructions"] }),
    notes,
  };
}

/**
 * Returns notes on an approval policy. A task asks only with `approvals: "ask"`. Not asking only restricts Codex further, except under
 * `untrusted`: that asks before most commands, which `approvals` does not.
 */
function notesOnApproval({ "approval-policy": policy, sandbox = "read-only", approvals }: FormerArguments): string[] {
  if (policy === undefined || policy === "never") return [];
  if (policy === "untrusted" && sandbox !== "read-only") {
    throw new AppError(
      "invalid_argument",
      `approval-policy untrusted cannot be honoured with sandbox ${sandbox}: a task cannot ask before each command.`,
      "Use sandbox read-only, or approval-policy never.",
    );
  }
  if (approvals === "ask") return [];
  return [`approval-policy ${policy}: the task does not ask; commands that the sandbox refuses fail.`];
}

/** Returns an answer whose `note` also has the given notes. */
export function withNotes<Fields extends { note?: string }>(answer: Fields, notes: readonly string[]): Fields {
  const all = [answer.note, ...notes].filter((note) => note !== undefined);
  return all.length === 0 ? answer : { ...answer, note: all.join(" ") };
}

/** Returns whether a call has the form of the former server's: nothing that only this server knows. */
export function isFormerCall(args: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(args).every((name) => FORMER_NAMES.has(name));
}

const FORMER_NAMES = new Set(["prompt", "cwd", "sandbox", "model", "profile", ...Object.keys(formerInput.shape)]);

/** Returns the fields that its answers had, for the answer to a call of its form. */
export function formerFields({ session_id, result }: Pick<TaskAnswer, "session_id" | "result">): {
  threadId?: string;
  content?: string;
} {
  return { ...(session_id !== undefined && { threadId: session_id }), content: result ?? "" };
}
