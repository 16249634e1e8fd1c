import { readFileSync } from "node:fs";
import { join } from "node:path";
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
