import { formatDuration } from "#base/format-values.ts";
import { formatStatus } from "#cli/terminal/format-task.ts";
import { compose, paint, type Text } from "#cli/terminal/style.ts";
import type { McpClient } from "../../test/support/mcp-client.ts";
import {
  type Answer,
  call,
  expect,
  follow,
  type Scene,
  showCommand,
  showFirstEvent,
  showRunning,
  startTask,
  waitFor,
} from "./scene.ts";
import { ACTS, PROMPTS } from "./stage.ts";
import { facts, type Story } from "./story.ts";

/** Plays all acts. @throws if a step does not come out as it should */
export async function play(scene: Scene): Promise<void> {
  const { world, rest } = scene;
  const first = await world.client();
  await review(scene, first);
  await rest();
  const session = await writeTwoModules(scene, first);
  await rest();
  const second = await surviveTheClient(scene, first);
  await rest();
  await merge(scene, second, session);
  await rest();
  await discardAndRestore(scene, second);
  await rest();
  await showOutcome(scene);
}

async function review(scene: Scene, client: McpClient): Promise<void> {
  const { story, world, project } = scene;
  story.act(ACTS.review);
  story.agent("codex", compose`review-title-v1, read-only: “${PROMPTS.review}”`);
  const answer = await startTask(scene, client, "codex", "review-title-v1", PROMPTS.review, { sandbox: "read-only" });
  story.quote(String(answer["result"]));
  const status = await world.git(project, "status", "--short");
  expect(status === "", "a review changes nothing");
  story.line("", compose`${describeEnd(answer)}, git status: clean`);
}

async function writeTwoModules(scene: Scene, client: McpClient): Promise<string> {
  const { story, world } = scene;
  story.act(ACTS.modules);
  story.agent("codex_dispatch", compose`implement-slug-v1: “${PROMPTS.slug}”`);
  story.agent("codex_dispatch", compose`implement-count-v1: “${PROMPTS.count}”`);
  const started = [
    await startTask(scene, client, "codex_dispatch", "implement-slug-v1", PROMPTS.slug),
    await startTask(scene, client, "codex_dispatch", "implement-count-v1", PROMPTS.count),
  ];
  const labels = ["slug", "count"];
  const followed = started.map((task, index) => follow(scene, labels[index] ?? "", task));
  await Promise.all(labels.map((label) => story.printed(label, 1)));
  await showRunning(scene);
  scene.openModules();
  await Promise.all(followed);
  const task_ids = started.map((task) => String(task["task_id"]));
  const { data } = await call(scene, client, "codex_wait", { task_ids, mode: "all" });
  const done = data["done"] as Answer[];
  expect(done.length === 2 && done.every((each) => each["success"] === true), "both modules are written");
  const count = done.find((each) => each["task_id"] === "codex-implement-count-v1");
  expect((await world.git(scene.project, "log", "--oneline", "main")).split("\n").length === 1, "main is untouched");
  return String(count?.["session_id"]);
}

async function surviveTheClient(scene: Scene, first: McpClient): Promise<McpClient> {
  const { story, world } = scene;
  const task_id = "codex-longrun-docs-v1";
  story.act(ACTS.survival);
  story.agent("codex", compose`longrun-docs-v1: “${PROMPTS.docs}”`);
  const lost = startTask(scene, first, "codex", "longrun-docs-v1", PROMPTS.docs).then(
    () => undefined,
    (error: unknown) => error,
  );
  const observer = await world.client();
  await world.until(async () => {
    const { data } = await observer.call("codex_status", { task_id });
    // A command and its result: what follows is up to the model.
    return Array.isArray(data["recent_events"]) && data["recent_events"].length > 1;
  });
  await observer.close();
  await showFirstEvent(scene, "docs", task_id);
  process.kill(first.pid, "SIGKILL");
  const failure = await lost;
  expect(failure instanceof Error, "the call is lost with its server");
  story.line("you", compose`$ ${paint("kill -9 <the MCP server>", "bold")}`);
  story.line("", compose`${paint("✗", "red")} the agent's call failed: ${failure.message}`);
  await showRunning(scene);
  const second = await world.client();
  story.agent("codex_wait", compose`longrun-docs-v1, from a new client with a new server`);
  scene.openDocs();
  const answer = await waitFor(scene, second, task_id);
  story.quote(String(answer["result"]));
  story.line("", describeEnd(answer));
  return second;
}

async function merge(scene: Scene, client: McpClient, session_id: string): Promise<void> {
  const { story } = scene;
  story.act(ACTS.merge);
  story.agent("codex_merge", "implement-slug-v1, implement-count-v1");
  const task_ids = ["codex-implement-slug-v1", "codex-implement-count-v1"];
  const { data, isError } = await call(scene, client, "codex_merge", { task_ids });
  showMerged(story, data);
  if (!isError && scene.isReal) return story.line("", "This time, the two changes fit together.");
  expect(data["code"] === "merge_conflict", "the second merge conflicts");
  showConflict(story, data);
  const status = await scene.world.git(scene.project, "status", "--short");
  expect(status === "", "a conflict leaves the checkout clean");
  story.agent("codex", compose`implement-count-v2, same session: “${PROMPTS.resolve}”`);
  await startTask(scene, client, "codex", "implement-count-v2", PROMPTS.resolve, { session_id });
  story.agent("codex_merge", "implement-count-v2");
  const again = await call(scene, client, "codex_merge", { task_ids: ["codex-implement-count-v2"] });
  expect(!again.isError, "the resolved branch is merged");
  showMerged(story, again.data);
}

async function discardAndRestore(scene: Scene, client: McpClient): Promise<void> {
  const { story, world, project } = scene;
  const task_id = "codex-longrun-docs-v1";
  const worktrees = async () => (await world.git(project, "worktree", "list")).split("\n").length;
  story.act(ACTS.discard);
  const before = await worktrees();
  story.agent("codex_discard", "longrun-docs-v1");
  const { data } = await call(scene, client, "codex_discard", { task_id });
  expect((await worktrees()) === before - 1, "the worktree is removed");
  story.line("", compose`removed ${shortenHome(scene, data["worktree_dir"])}; saved as a commit that git keeps`);
  story.agent("codex_discard", "longrun-docs-v1, restore: true");
  await call(scene, client, "codex_discard", { task_id, restore: true });
  expect((await worktrees()) === before, "the worktree is restored");
  story.line("", compose`restored ${shortenHome(scene, data["worktree_dir"])} on ${String(data["agent_branch"])}`);
}

async function showOutcome(scene: Scene): Promise<void> {
  scene.story.act(ACTS.outcome);
  await showCommand(scene, ["tasks"]);
  await showCommand(scene, ["worktrees"]);
}

function showMerged(story: Story, data: Answer): void {
  for (const each of data["merged"] as Answer[]) {
    const { agent_branch, into, diff_stat } = each as Record<string, string>;
    story.line("", facts(compose`${paint("✓", "green")} ${agent_branch ?? ""} → ${into ?? ""}`, diff_stat));
  }
}

function showConflict(story: Story, data: Answer): void {
  story.line("", compose`${paint("✗", "red")} ${String(data["conflicting_task"])}: ${String(data["error"])}`);
  for (const { hunks } of data["conflicts"] as { hunks: { text: string }[] }[]) {
    for (const { text } of hunks) {
      for (const line of text.trimEnd().split("\n")) story.line("", paint(`  ${line}`, "yellow"));
    }
  }
}

/** Describes in one line how a task ended. */
function describeEnd(answer: Answer): Text {
  const status = formatStatus(answer["status"] as Parameters<typeof formatStatus>[0]);
  const duration = formatDuration(Number(answer["elapsed_seconds"]));
  return facts(compose`${status} after ${duration}`, answer["diff_stat"] as string | undefined);
}

function shortenHome({ world }: Scene, path: unknown): string {
  return String(path).replace(world.home, "~");
}
