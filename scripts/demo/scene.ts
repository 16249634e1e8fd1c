import { compose, paint } from "#cli/terminal/style.ts";
import type { McpClient, ToolAnswer } from "../../test/support/mcp-client.ts";
import type { World } from "../../test/support/world.ts";
import { runProduct } from "./product.ts";
import type { Story } from "./story.ts";

/** Scene of the demo: who acts, and where. */
export interface Scene {
  world: World;
  story: Story;
  project: string;
  /** Whether a real model answers: its work may differ from what the demo expects. */
  isReal: boolean;
  /** Prints an answer as JSON if that is wanted. */
  record: (tool: string, args: object, answer: ToolAnswer) => void;
  openModules: () => void;
  openDocs: () => void;
  /** Waits until the reader has had time for the act before. */
  rest: () => Promise<void>;
}

/** Structured answer of a tool. */
export type Answer = Record<string, unknown>;

/** Calls a tool that starts a task. @returns its answer @throws if the task did not succeed */
export async function startTask(
  scene: Scene,
  client: McpClient,
  tool: string,
  topic: string,
  prompt: string,
  more: object = {},
): Promise<Answer> {
  const request = { prompt, cwd: scene.project, topic, sandbox: "full-access", ...more };
  const { data, isError } = await call(scene, client, tool, request);
  // A real model may take longer than a call may.
  if (!isError && tool === "codex" && data["status"] === "running") return waitFor(scene, client, `codex-${topic}`);
  expect(!isError && data["error"] === undefined, `${topic} succeeds`, data);
  return data;
}

/** Waits for a task. @returns its answer @throws if it did not succeed */
export async function waitFor(scene: Scene, client: McpClient, task_id: string): Promise<Answer> {
  for (;;) {
    const { data } = await call(scene, client, "codex_wait", { task_ids: [task_id] });
    const [ended] = data["done"] as Answer[];
    if (ended === undefined) {
      // Only a real model takes so long.
      const [running] = data["running"] as { activity?: string }[];
      scene.story.line("codex", `still running: ${running?.activity ?? ""}`);
      continue;
    }
    expect(ended["success"] === true, `${task_id} succeeds`, ended);
    return ended;
  }
}

export async function call({ record }: Scene, client: McpClient, tool: string, args: object): Promise<ToolAnswer> {
  const answer = await client.call(tool, args);
  record(tool, args, answer);
  return answer;
}

/** Prints what a task does while it runs, as `logs -f` shows it. */
export async function follow(scene: Scene, label: string, task: Answer): Promise<void> {
  const folder = `${String(task["worktree_dir"])}/`;
  const end: string[] = [];
  let isEnding = false;
  await runProduct(scene.world, ["logs", "-f", String(task["task_id"])], (line) => {
    const text = withoutTime(line.replaceAll(folder, ""));
    // An empty line stands before how the task ended.
    if (text === "") isEnding = true;
    else if (isEnding) end.push(text);
    else scene.story.output(label, text);
  });
  scene.story.output(label, end.join(", "));
}

/** Removes the time of an event, for which a line of the demo has no room. */
function withoutTime(line: string): string {
  // oxlint-disable-next-line no-control-regex -- the time has a colour on a terminal
  return line.replace(/^(?:\u001B\[\d+m)?\d\d:\d\d:\d\d(?:\u001B\[\d+m)? /, "");
}

/** Prints the first thing that a task did. */
export async function showFirstEvent({ world, story }: Scene, label: string, taskId: string): Promise<void> {
  const lines: string[] = [];
  await runProduct(world, ["logs", taskId], (line) => lines.push(withoutTime(line)));
  story.output(label, lines[0] ?? "");
}

/** Prints the tasks that run, once all their tokens are known: Codex writes them down a little after its first step. */
export async function showRunning(scene: Scene): Promise<void> {
  await showCommand(scene, ["tasks", "--status", "running"], ([, ...rows]) => {
    return scene.isReal || rows.every((row) => /\d$/.test(Bun.stripANSI(row)));
  });
}

/**
 * Runs one of our commands, and prints it with its output.
 * @param isComplete whether the output is what it should be; otherwise the command is run again
 */
export async function showCommand(
  { world, story }: Scene,
  args: readonly string[],
  isComplete: (lines: readonly string[]) => boolean = () => true,
): Promise<void> {
  let lines: string[] = [];
  await world.until(async () => {
    lines = [];
    const exitCode = await runProduct(world, args, (line) => lines.push(line));
    expect(exitCode === 0, `codex-mcp-server ${args.join(" ")} succeeds`, lines);
    return isComplete(lines);
  });
  story.line("you", compose`$ ${paint(`codex-mcp-server ${args.join(" ")}`, "bold")}`);
  story.block(lines);
}

/** Checks a step of the demo. @throws if it did not come out as it should */
export function expect(isSo: boolean, what: string, seen?: unknown): asserts isSo {
  if (isSo) return;
  throw new Error(
    `The demo did not come out as it should: ${what}.${seen === undefined ? "" : ` ${JSON.stringify(seen)}`}`,
  );
}
