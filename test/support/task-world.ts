import { copyFileSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { isCodexCommand } from "./engines.ts";
import { join } from "node:path";
import { World } from "./world.ts";

/** A world with three scripted models, and what tests of running tasks look at. */
export class TaskWorld extends World {
  constructor() {
    super();
    this.stub.script("SAY-HELLO", [{ say: "Hello." }]);
    this.stub.script("WORK", [{ run: "echo one" }, { delayMs: 1500 }, { run: "echo two" }, { say: "Worked." }]);
    this.stub.script("FOREVER", [{ run: "sleep 600" }, { say: "Never said." }]);
  }

  /** Arguments that start a task in the world's own folder. */
  request(prompt: string, topic: string, more: object = {}): object {
    return { prompt, cwd: this.root, topic, sandbox: "read-only", ...more };
  }

  folderOf(taskId: string): string {
    return join(this.stateHome, "tasks", taskId);
  }

  /** Stops a process, and waits until the kernel has stopped it: a signal takes effect later than `kill` returns. */
  async stop(pid: number): Promise<void> {
    process.kill(pid, "SIGSTOP");
    await this.until(() => /^State:\s+T/m.test(readFileSync(`/proc/${pid}/status`, "utf8")));
  }

  /** Waits until Codex has said something. */
  async untilWorking(taskId: string): Promise<void> {
    await this.until(() => Bun.file(join(this.folderOf(taskId), "codex-exec.log")).size > 0);
  }

  /** The supervisor of a task, and all Codex processes with what they started. */
  processesOf(taskId: string): { pid: number; command: string }[] {
    const isOfRun = (command: string) =>
      command.includes(`run-task ${taskId}`) || isCodexCommand(command) || /keep-orphans|sleep 600/.test(command);
    return this.processes().filter(({ command }) => isOfRun(command));
  }

  /** Removes the limits that tasks have reached. */
  forgetLimits(): void {
    const folder = join(this.stateHome, "limits");
    for (const name of new Bun.Glob("*.reached.json").scanSync(folder)) rmSync(join(folder, name));
  }

  /** Makes another CODEX_HOME, of another account, with the same configuration. */
  secondCodexHome(): string {
    const folder = join(this.home, ".codex-2");
    mkdirSync(folder, { recursive: true });
    copyFileSync(join(this.codexHome, "config.toml"), join(folder, "config.toml"));
    return folder;
  }

  /** The pid of a task's supervisor; 0 where there is none. */
  supervisorOf(taskId: string): number {
    return this.processes().find(({ command }) => command.includes(`run-task ${taskId}`))?.pid ?? 0;
  }
}

/** Sends processes a signal. */
export function signal(pids: readonly number[], name: NodeJS.Signals): void {
  // 0 would be the tests themselves.
  if (pids.some((pid) => pid <= 0)) throw new Error("a process to signal is not there");
  for (const pid of pids) process.kill(pid, name);
}
