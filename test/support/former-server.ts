import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import type { World } from "./world.ts";

/** A call to Codex's former server, `codex mcp-server`, perhaps after another one whose thread it continues. */
export interface FormerCall {
  tool: "codex" | "codex-reply";
  arguments: Record<string, unknown>;
}

/**
 * Calls as its documentation, plugins and prompts wrote them. `$cwd` stands for a repository, `$thread` for the thread of a call before.
 */
export const FORMER_CALLS: Record<string, FormerCall> = {
  "a prompt alone": { tool: "codex", arguments: { prompt: "Explain this repository" } },
  "a prompt and a folder": { tool: "codex", arguments: { prompt: "Explain this repository", cwd: "$cwd" } },
  "a review": {
    tool: "codex",
    arguments: { prompt: "Explain the changes", cwd: "$cwd", sandbox: "read-only", "approval-policy": "never" },
  },
  "on request": {
    tool: "codex",
    arguments: { prompt: "Explain it", sandbox: "read-only", "approval-policy": "on-request" },
  },
  "with a model": { tool: "codex", arguments: { prompt: "Explain it", model: "gpt-5" } },
  "with settings": {
    tool: "codex",
    arguments: {
      prompt: "Explain it",
      cwd: "$cwd",
      sandbox: "read-only",
      config: { model_reasoning_effort: "high", model_verbosity: "low" },
    },
  },
  "with instructions": {
    tool: "codex",
    arguments: {
      prompt: "Explain it",
      "base-instructions": "You explain.",
      "developer-instructions": "Be brief.",
      "compact-prompt": "Compact.",
    },
  },
  "work in the workspace": {
    tool: "codex",
    arguments: {
      prompt: "Explain while working",
      cwd: "$cwd",
      sandbox: "workspace-write",
      "approval-policy": "on-request",
    },
  },
  "full access": {
    tool: "codex",
    arguments: {
      prompt: "Explain with all rights",
      cwd: "$cwd",
      sandbox: "danger-full-access",
      "approval-policy": "never",
    },
  },
  "a relative folder": { tool: "codex", arguments: { prompt: "Explain it", cwd: "." } },
  "a reply": { tool: "codex-reply", arguments: { prompt: "Continue", threadId: "$thread" } },
  "a reply to a conversation": { tool: "codex-reply", arguments: { prompt: "Continue", conversationId: "$thread" } },
  "a reply to nothing": { tool: "codex-reply", arguments: { prompt: "Continue" } },
  "a reply to an unknown thread": {
    tool: "codex-reply",
    arguments: { prompt: "Continue", threadId: "019d0aa8-0000-7000-8000-000000000000" },
  },
  "no prompt": { tool: "codex", arguments: { cwd: "$cwd" } },
};

/** What a tool answered, as it came. */
export interface RawAnswer {
  content: { type: string; text: string }[];
  structuredContent?: Record<string, unknown>;
  isError?: boolean;
}

/** A client of the former server or of one that takes its place. */
export class FormerClient {
  readonly #client: Client;
  #thread = "";

  private constructor(client: Client) {
    this.#client = client;
  }

  static async start(command: readonly string[], world: World, cwd: string): Promise<FormerClient> {
    const [program = "", ...args] = command;
    const client = new Client({ name: "former", version: "1" });
    await client.connect(
      new StdioClientTransport({ command: program, args, env: world.environment(), cwd, stderr: "ignore" }),
    );
    return new FormerClient(client);
  }

  async callTool(name: string, given: Record<string, unknown>): Promise<RawAnswer> {
    return (await this.#client.callTool({ name, arguments: given })) as unknown as RawAnswer;
  }

  /** Makes one of the calls. Replies continue the thread of the last call that has one. */
  async call({ tool, arguments: given }: FormerCall, cwd: string): Promise<RawAnswer> {
    if (this.#thread === "") this.#thread = threadOf(await this.callTool("codex", { prompt: "Explain first", cwd }));
    const filled = Object.entries(given).map(([name, value]) => [
      name,
      value === "$cwd" ? cwd : value === "$thread" ? this.#thread : value,
    ]);
    return this.callTool(tool, Object.fromEntries(filled) as Record<string, unknown>);
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}

function threadOf({ structuredContent }: RawAnswer): string {
  return String(structuredContent?.["threadId"]);
}

/** What of an answer a caller of the former server can rely on. Messages of errors are each server's own. */
export function shapeOf({ isError = false, content, structuredContent }: RawAnswer): object {
  if (isError) return { isError };
  const { threadId, content: text } = structuredContent ?? {};
  return {
    isError,
    text: content[0]?.text,
    content: text,
    thread: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(String(threadId)),
  };
}
