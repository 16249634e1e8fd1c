import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { readOptionalText } from "#platform/files/read-file.ts";
import type { McpClient } from "./mcp-client.ts";
import type { World } from "./world.ts";

/** Runs a task to its end whose log can be written to. @returns its id and the path of its log */
export async function endedTask(
  world: World,
  client: McpClient,
  prompt: string,
  cwd: string,
): Promise<{ id: string; log: string }> {
  const { data } = await client.call("codex_dispatch", { prompt, cwd, sandbox: "read-only" });
  const id = String(data["task_id"]);
  await world.waitForEnd(client, id);
  return { id, log: join(world.stateHome, "tasks", id, "codex-exec.log") };
}

/** Starts a task, and waits until its log has a command. @returns its id and the path of its log, to which more can be written */
export async function runningTask(
  world: World,
  client: McpClient,
  prompt: string,
  cwd: string,
): Promise<{ id: string; log: string }> {
  const { data } = await client.call("codex_dispatch", { prompt, cwd, sandbox: "read-only" });
  const id = String(data["task_id"]);
  const log = join(world.stateHome, "tasks", id, "codex-exec.log");
  await world.until(() => (readOptionalText(log) ?? "").includes("command_execution"));
  return { id, log };
}

/** Adds events to a log, as Codex would. */
export function addEvents(log: string, ...events: object[]): void {
  appendFileSync(log, events.map((event) => `${JSON.stringify(event)}\n`).join(""));
}

/** The event of a message. */
export function messageEvent(text: string): object {
  return { type: "item.completed", item: { id: "m", type: "agent_message", text } };
}

/** The event of a command that has ended. */
export function commandEvent(id: string, command: string, output: string, exitCode = 0): object {
  const status = exitCode === 0 ? "completed" : "failed";
  const item = { id, type: "command_execution", command, aggregated_output: output, exit_code: exitCode, status };
  return { type: "item.completed", item };
}
