import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { McpClient } from "./mcp-client.ts";
import type { TaskWorld } from "./task-world.ts";

/** Line of an answer about a try. */
export interface TryLine {
  task_id: string;
  topic: string;
  status: string;
  success?: boolean;
  worktree_dir?: string;
  base_commit?: string;
}

/** Lines of an answer about tries. */
export const linesOf = (data: Record<string, unknown>): TryLine[] => data["tasks"] as TryLine[];

/** Arguments of a task that changes files, with a script that {@link scriptTries} gives the model. */
export const workIn = (cwd: string, topic: string, more: object = {}): Record<string, unknown> => ({
  prompt: "MAKE-IT",
  cwd,
  topic,
  sandbox: "full-access",
  ...more,
});

/** The record of a task, from its folder. */
export function recordOf(world: TaskWorld, taskId: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(world.folderOf(taskId), "meta.json"), "utf8")) as Record<string, unknown>;
}

/** Gives the model what tries ask of it. */
export function scriptTries(world: TaskWorld): void {
  world.stub.script("MAKE-IT", [{ run: "echo $PWD > made.txt" }, { say: "Made." }]);
  world.stub.script("FAIL-IT", [{ fail: "It went wrong." }]);
}

/** Gives the model a script that waits until it is let go on. @returns a function that lets it go on */
export function scriptGated(world: TaskWorld, prompt: string): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  world.stub.script(prompt, [{ run: `echo begun-${prompt}` }, { until: () => promise }, { say: `${prompt} is done.` }]);
  return resolve;
}

/** What the model does for each of some prompts. */
const EDITS = {
  "WAY-A": "echo a > shared.txt; git mv 'old name.txt' 'new name.txt'; git commit -qam A; echo more > 'un tracked.txt'",
  "WAY-B": "echo b > shared.txt; printf '\\000b' > binary.bin; git rm -q gone.txt; git add .; git commit -qm B",
  "WAY-C": "echo c >> 'old name.txt'; printf '\\000c' > binary.bin",
  "SAME-1": "echo same > shared.txt; git add .; git commit -qm Same",
  "SAME-2": "echo same > shared.txt",
};

/** A repository with files, and scripts that change them in several ways: {@link EDITS}, and some that fail or take two steps. */
export async function makeEdited(world: TaskWorld): Promise<string> {
  const repo = await world.repository();
  for (const name of ["old name.txt", "gone.txt", "binary.bin"]) {
    writeFileSync(join(repo, name), `${name}\n`.repeat(20));
  }
  await world.git(repo, "add", ".");
  await world.git(repo, "commit", "--quiet", "-m", "More");
  for (const [prompt, run] of Object.entries(EDITS)) {
    world.stub.script(prompt, [{ run }, { say: `${prompt} is done.` }]);
  }
  world.stub.script("FAIL-IT", [{ run: "echo half > half.txt" }, { fail: "It went wrong." }]);
  world.stub.script("LONG", [{ say: "word ".repeat(10_000) }]);
  const steps = ["echo one > shared.txt", "echo two > shared.txt"].map((run) => ({ run }));
  world.stub.script("TWO-STEPS", [...steps, { say: "Both are done." }]);
  return repo;
}

/** Runs a group of tries that do different things. @returns the answer of `codex` */
export async function runWays(
  client: McpClient,
  repo: string,
  topic: string,
  ways: readonly string[],
  more: object = {},
): Promise<Record<string, unknown>> {
  const variants = ways.map((prompt_suffix) => ({ prompt_suffix }));
  return (await client.call("codex", workIn(repo, topic, { prompt: "Do it.", variants, ...more }))).data;
}

/** Ids of the tries that an answer has. */
export const idsOf = (data: Record<string, unknown>): string[] => linesOf(data).map(({ task_id }) => task_id);
