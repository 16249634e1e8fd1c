import type { Question } from "#domain/question.ts";
import type { McpClient } from "./mcp-client.ts";
import type { World } from "./world.ts";

/** Returns a model's call that needs an approval: it makes a file outside of the sandbox. */
export function escalation(path: string): { call: string; args: object } {
  const args = { cmd: `touch ${path}`, sandbox_permissions: "require_escalated", justification: "It is needed." };
  return { call: "exec_command", args };
}

/** Returns the open questions of a task. */
export async function questionsOf(client: McpClient, taskId: string): Promise<Question[]> {
  const { data } = await client.call("codex_status", { task_id: taskId });
  return (data["questions"] ?? []) as Question[];
}

/** Waits until a task asks. @returns its first question */
export async function untilAsked(world: World, client: McpClient, taskId: string): Promise<Question> {
  let found: Question | undefined;
  await world.until(async () => ([found] = await questionsOf(client, taskId)) && found !== undefined);
  if (found === undefined) throw new Error("it does not ask");
  return found;
}

/** Waits for a task's end: a wait also returns when the task asks. */
export async function untilEnded(client: McpClient, taskId: string): Promise<Record<string, unknown>> {
  const { data } = await client.call("codex_wait", { task_ids: [taskId], timeout_seconds: 60 });
  const [ended] = data["done"] as Record<string, unknown>[];
  return ended ?? untilEnded(client, taskId);
}
