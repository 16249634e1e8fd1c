// The main job, for real: builds the binary, then hands work to the Codex CLI through MCP.
//   npm run demo               with a scripted model on this machine: no account is needed
//   npm run demo -- --real     with your own Codex and account
//   npm run demo -- --keep     leaves everything for looking around
import { parseArgs } from "node:util";
import type { McpClient, ToolAnswer } from "../test/support/mcp-client.ts";
import { BINARY, World } from "../test/support/world.ts";
import { buildBinary } from "./build.ts";
import { makeProject, PROMPTS, scriptModel } from "./demo/stage.ts";

const { values: options } = parseArgs({ options: { keep: { type: "boolean" }, real: { type: "boolean" } } });

const heading = (text: string) => console.log(`\n\u001B[1m== ${text}\u001B[0m`);
const show = (text: string) => console.log(text.trimEnd().replace(/^/gm, "   "));

heading("Building the binary");
await buildBinary();
const world = new World({ codex: options.real === true ? "own" : "stub" });
let isDone = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  // Tasks would go on without us: that is what the server is for.
  process.on(signal, () => void world.close().finally(() => process.exit(130)));
}
try {
  if (options.real !== true) scriptModel(world);
  const project = await makeProject(world);
  const client = await world.client();
  show(`server: ${String(client.sdk.getServerVersion()?.name)} ${String(client.sdk.getServerVersion()?.version)}`);
  show(`tools: ${(await client.sdk.listTools()).tools.map((tool) => tool.name).join(", ")}`);
  await review(client, project);
  const session = await implementInParallel(client, project);
  await dispatch(client, project);
  await resume(client, project, session);
  await merge(client);
  await discard(client);
  await lookAtTheOutcome(client, project);
  isDone = true;
} finally {
  if (options.keep === true) {
    heading("Left for looking around");
    show(`everything is below ${world.root}; remove it with: rm -r ${world.root}`);
    await world.leave();
  } else {
    await world.close();
    if (isDone) heading("Cleaned up: no process, tmux session or worktree is left");
  }
}

async function review(client: McpClient, project: string): Promise<void> {
  heading("codex, read-only: a review in the workspace itself");
  tell(
    await client.call("codex", {
      prompt: PROMPTS.review,
      cwd: project,
      topic: "review-title-v1",
      sandbox: "read-only",
    }),
  );
}

async function implementInParallel(client: McpClient, project: string): Promise<string> {
  heading("codex, full-access, twice at once: each in a worktree of its own");
  const [slug, shorten] = await Promise.all([
    client.call("codex", { prompt: PROMPTS.slug, cwd: project, topic: "implement-slug-v1", sandbox: "full-access" }),
    client.call("codex", {
      prompt: PROMPTS.shorten,
      cwd: project,
      topic: "implement-shorten-v1",
      sandbox: "full-access",
    }),
  ]);
  tell(slug);
  tell(shorten);
  return String(slug.data["session_id"]);
}

async function dispatch(client: McpClient, project: string): Promise<void> {
  heading("codex_dispatch: it answers at once, codex_status follows");
  const request = { prompt: PROMPTS.document, cwd: project, topic: "longrun-docs-v1", sandbox: "full-access" };
  const { data } = await client.call("codex_dispatch", request);
  show(JSON.stringify(data, null, 2));
  const taskId = String(data["task_id"]);
  let next: unknown = 0;
  for (let hasPane = false; ; await Bun.sleep(300)) {
    const status = await client.call("codex_status", { task_id: taskId, since_event: next });
    next = status.data["next_event"];
    for (const event of status.data["recent_events"] as { type: string; text: string }[]) {
      show(`progress: ${event.type}: ${event.text}`);
    }
    if (status.data["status"] !== "running") return tell(status);
    if (!hasPane && (status.data["recent_events"] as unknown[]).length > 0) {
      show(`\nwhat \`tmux attach -t ${taskId}\` shows:\n${boxed(await world.pane(taskId))}\n`);
      hasPane = true;
    }
  }
}

async function resume(client: McpClient, project: string, session: string): Promise<void> {
  heading("codex, resumed: the next version of the topic, in the same worktree and session");
  const request = { prompt: PROMPTS.slugAgain, cwd: project, topic: "implement-slug-v2", sandbox: "full-access" };
  tell(await client.call("codex", { ...request, session_id: session }));
}

async function merge(client: McpClient): Promise<void> {
  heading("codex_diff, codex_merge: what was done, and two tasks' work in the branch that they began from");
  const { data } = await client.call("codex_diff", { task_id: "codex-implement-slug-v2" });
  show(`${JSON.stringify(data["files"])}\n${String(data["patch"])}`);
  tell(await client.call("codex_merge", { task_ids: ["codex-implement-slug-v2", "codex-implement-shorten-v1"] }));
}

async function discard(client: McpClient): Promise<void> {
  heading("codex_discard: the worktree goes, all that it holds is kept, and it can be brought back");
  tell(await client.call("codex_discard", { task_id: "codex-implement-shorten-v1" }));
  tell(await client.call("codex_discard", { task_id: "codex-longrun-docs-v1" }));
  tell(await client.call("codex_discard", { task_id: "codex-longrun-docs-v1", restore: true }));
}

async function lookAtTheOutcome(client: McpClient, project: string): Promise<void> {
  heading("What there is now");
  const { data } = await client.call("codex_status", {});
  for (const task of data["tasks"] as Record<string, unknown>[]) {
    show(
      `${String(task["task_id"]).padEnd(30)} ${String(task["status"]).padEnd(10)} ${String(task["elapsed_seconds"])} s`,
    );
  }
  show(`\n$ git worktree list\n${await world.run(project, ["git", "worktree", "list"])}`);
  const log = ["git", "log", "--oneline", "--graph", "--branches"];
  show(`$ ${log.join(" ")}\n${await world.run(project, log)}`);
  show(`$ codex-mcp-server worktrees\n${await world.run(project, [BINARY, "worktrees"])}`);
  const status = await world.run(project, ["git", "status", "--short"]);
  show(`$ git status --short   (in the workspace)\n${status || "(nothing: it is as it was)"}`);
}

/** Shows an answer; a task that did not succeed ends the demo. */
function tell({ isError, data }: ToolAnswer): void {
  show(JSON.stringify(data, null, 2));
  if (isError || data["error"] !== undefined) throw new Error("the task did not succeed");
}

function boxed(text: string): string {
  return text.trimEnd().replace(/^/gm, "│ ");
}
