/** One step of what the scripted model does. */
export type Step =
  | { say: string }
  | { think: string }
  /** A shell command; Codex runs it and comes back with the output. */
  | { run: string; yieldMs?: number; tty?: boolean }
  /** JavaScript in code mode, as models that Codex knows to work in it send. */
  | { js: string }
  /** A patch in Codex's own format (`*** Begin Patch …`). */
  | { patch: string }
  /** A call of an MCP server that Codex is configured with. */
  | McpCall
  | AgentCall
  /** A call of one of Codex's own tools, with any arguments. */
  | OwnCall
  | { delayMs: number }
  /** Waits for something outside. */
  | { until: () => Promise<void> }
  /** The API ends the answer as failed. */
  | { fail: string; code?: string }
  /** The API refuses the request. */
  | { httpStatus: number; error?: object }
  /** The stream ends in the middle of the answer. */
  | { end: "break" }
  /** The answer never ends. */
  | { end: "hang" };

/** A call of an MCP server's tool. */
export interface McpCall {
  server: string;
  tool: string;
  args: object;
}

/** A call of one of Codex's own tools. */
export interface OwnCall {
  call: string;
  args: object;
  /** Name of the call; by default one of its own. */
  id?: string;
  /** Whether the next step is part of the same answer of the model. */
  hasMore?: true;
}

/** A call of one of Codex's own tools for other agents. */
export interface AgentCall {
  agent: string;
  args: object;
}

/** What the model gives out. */
export type OutputItem =
  | { say: string }
  | { think: string }
  | { run: string; yieldMs?: number; tty?: boolean }
  | { js: string }
  | McpCall
  | AgentCall
  | OwnCall;

/** What one request gets. */
export interface Turn {
  items: (OutputItem | { delayMs: number } | { until: () => Promise<void> })[];
  failure?: { code: string; message: string };
  httpStatus?: number;
  httpError?: object;
  end?: "break" | "hang";
}

/** The part of a script that answers a request with `toolResults` results so far: up to the next command, or the end. */
export function turnAt(steps: readonly Step[], toolResults: number): Turn {
  let commandsSeen = 0;
  const turn: Turn = { items: [] };
  for (const step of steps) {
    const isCommand =
      "run" in step || "js" in step || "patch" in step || "tool" in step || "agent" in step || "call" in step;
    if (commandsSeen >= toolResults) addStep(turn, step);
    if (isCommand && ++commandsSeen > toolResults && !("hasMore" in step)) break;
  }
  return turn;
}

function addStep(turn: Turn, step: Step): void {
  if ("patch" in step) {
    turn.items.push({ run: `apply_patch <<'END_OF_PATCH'\n${step.patch.trim()}\nEND_OF_PATCH` });
  } else if ("fail" in step) turn.failure = { code: step.code ?? "server_error", message: step.fail };
  else if ("httpStatus" in step) {
    turn.httpStatus = step.httpStatus;
    if (step.error !== undefined) turn.httpError = step.error;
  } else if ("end" in step) turn.end = step.end;
  else turn.items.push(step);
}
