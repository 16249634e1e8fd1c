import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { CallToolRequestSchema, type CallToolResult, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { type AppContext, openContext } from "#app/context.ts";
import { readConfig } from "#lib/config.ts";
import { AppError, toFailure } from "#lib/errors.ts";
import { logger } from "#lib/log.ts";
import { VERSION } from "#lib/build.ts";
import { taskPaths } from "#store/store-paths.ts";
import { limitsOf } from "./client-limits.ts";
import type { Call } from "./define-tool.ts";
import { fitAnswer } from "./fit-answer.ts";
import { INSTRUCTIONS } from "./instructions.ts";
import { progressOf } from "./progress.ts";
import { respond, respondFailure } from "./respond.ts";
import { ALL_TOOLS } from "./tools/all-tools.ts";
import { userCancel } from "./user-cancel.ts";

/** How long calls that are being answered may go on after the client has gone: clients kill after half a second. */
const FAREWELL_MS = 300;

/** Serves MCP on stdin and stdout until the client goes; tasks go on without it. */
export async function serveStdio(): Promise<void> {
  const calls = new Set<Promise<unknown>>();
  let isLeaving = false;
  const server = makeServer({
    note: (call) => {
      calls.add(call);
      void call.finally(() => calls.delete(call));
    },
    isLeaving: () => isLeaving,
  });
  const leave = async () => {
    if (isLeaving) return;
    isLeaving = true;
    await Promise.race([Promise.allSettled(calls), Bun.sleep(FAREWELL_MS)]);
    process.exit(0);
  };
  // The SDK's transport does not notice that its client is gone.
  process.stdin.on("end", leave).on("close", leave);
  process.stdout.on("error", leave);
  process.on("SIGTERM", leave).on("SIGINT", leave).on("SIGHUP", leave);
  // A fault in one call's file events must not end the others.
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, (error: unknown) => logger("mcp").error`${event}: ${describeFault(error)}`);
  }
  const transport = new StdioServerTransport();
  transport.onclose = () => void leave();
  await server.connect(transport);
}

/** What a call is to know of the session that it is part of. */
interface Session {
  note: (call: Promise<unknown>) => void;
  isLeaving: () => boolean;
}

function describeFault(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function makeServer(session: Session): Server {
  const server = new Server(
    { name: "codex-mcp-server", title: "Codex tasks", version: VERSION },
    { capabilities: { tools: {} }, instructions: INSTRUCTIONS, jsonSchemaValidator: NO_VALIDATOR },
  );
  const open = contextOpener();
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: ALL_TOOLS.map((tool) => tool.describe()) }));
  server.setRequestHandler(CallToolRequestSchema, ({ params }, extra) => {
    const call: Call = {
      open,
      stopped: userCancel(extra.signal, session.isLeaving),
      abandoned: extra.signal,
      limits: () => limitsOf(open().config, server.getClientVersion()?.name),
      tell: progressOf(params, extra),
    };
    const answer = callTool(params.name, params.arguments, call);
    session.note(answer);
    return answer;
  });
  server.onerror = (error) => logger("mcp").warn`${error.message}`;
  return server;
}

/** The SDK checks answers to its own questions with it; this server asks none, and ajv costs start-up time. */
const NO_VALIDATOR = {
  getValidator: () => {
    throw new Error("this server asks its client nothing");
  },
};

async function callTool(name: string, args: unknown, call: Call): Promise<CallToolResult> {
  const startedAt = performance.now();
  try {
    const tool = ALL_TOOLS.find((candidate) => candidate.name === name);
    if (tool === undefined) throw unknownTool(name);
    const { isError, data } = await tool.call(args, call);
    const { home } = call.open().config;
    return respond({ isError, data: fitAnswer(data, call.limits().answerBytes, (id) => taskPaths(home, id).result) });
  } catch (error) {
    const failure = toFailure(error);
    if (failure.code === "internal") logger("mcp").error`${name}: ${describeFault(error)}`;
    return respondFailure(failure);
  } finally {
    logger("mcp").debug`${name} took ${Math.round(performance.now() - startedAt)} ms`;
  }
}

function unknownTool(name: string): AppError {
  const names = ALL_TOOLS.map((tool) => tool.name).join(", ");
  return new AppError("invalid_argument", `There is no tool "${name}".`, `The tools: ${names}.`);
}

/** The store is opened by the first call, not at start: clients start servers only to look at them. */
function contextOpener(): () => AppContext {
  let context: AppContext | undefined;
  return () => (context ??= openContext(readConfig()));
}
