import { existsSync, readFileSync } from "node:fs";
import { isCodexCommand } from "../support/engines.ts";
import { join } from "node:path";
import { BINARY, type World } from "../support/world.ts";

/** What is killed in a round. */
export const VICTIMS = ["server", "supervisor", "codex", "tmux server", "all"] as const;

/** What came of a round. */
export interface Round {
  round: number;
  sandbox: string;
  victim: (typeof VICTIMS)[number];
  /** When it was killed, after the answer to the dispatch. */
  afterMs: number;
  killed: number;
  status: string;
  code: string;
  /** Everything that is wrong; empty in a good round. */
  error: unknown;
  faults: string[];
}

const PROMPT = "FAULT-ROUND";

/** The run: a command that leaves a process of its own session behind, pauses of the model, and a result. */
export function scriptRounds(world: World): void {
  world.stub.script(PROMPT, [
    { run: "setsid nohup sleep 300 >/dev/null 2>&1 & sleep 0.1; echo one" },
    { delayMs: 250 },
    { run: "sleep 0.2; echo two" },
    { say: "Finished." },
  ]);
}

/** Starts a task, kills the victim at a random moment, and looks at what becomes of the task. */
export async function playRound(world: World, cwd: string, round: number): Promise<Round> {
  const victim = pick(VICTIMS);
  const sandbox = victim === "tmux server" ? "full-access" : pick(["read-only", "full-access"]);
  const afterMs = Math.round(Math.random() * 800);
  const topic = `longrun-fault_${round}-v1`;
  const taskId = `codex-${topic}`;
  const starter = await world.client();
  await starter.call("codex_dispatch", { prompt: PROMPT, cwd, topic, sandbox });
  await Bun.sleep(afterMs);
  const killed = kill(world, victim, taskId, starter.pid);
  const client = await world.client();
  const ended = await world.waitForEnd(client, taskId).catch((error: Error) => ({ status: error.message, code: "" }));
  const { status, code, error } = { code: "", error: undefined, ...ended } as Record<string, unknown> & {
    status: string;
    code: string;
  };
  const faults = judge(world, taskId, victim, ended, killed);
  await world.until(() => leftOf(world).length === 0).catch(() => faults.push(`left: ${leftOf(world).join("; ")}`));
  await Promise.all([starter.close(), client.close()].map((closing) => closing.catch(() => undefined)));
  return { round, sandbox, victim, afterMs, killed, status, code, error, faults };
}

function kill(world: World, victim: Round["victim"], taskId: string, server: number): number {
  const isCodex = isCodexCommand;
  const isTmux = (command: string) => /^\S*tmux /.test(command) && !command.includes("wait-for");
  const isSupervisor = (command: string) => !isTmux(command) && command.includes(`run-task ${taskId}`);
  const matches: Record<Round["victim"], (pid: number, command: string) => boolean> = {
    server: (pid) => pid === server,
    supervisor: (_, command) => isSupervisor(command),
    codex: (_, command) => isCodex(command),
    "tmux server": (_, command) => isTmux(command),
    all: () => true,
  };
  const victims = world.processes().filter(({ pid, command }) => matches[victim](pid, command));
  for (const { pid } of victims) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended by itself in this moment.
    }
  }
  return victims.length;
}

function judge(world: World, taskId: string, victim: string, ended: Record<string, unknown>, killed: number): string[] {
  const log = join(world.stateHome, "tasks", taskId, "codex-exec.log");
  const isReported = existsSync(log) && readFileSync(log, "utf8").includes('"type":"turn.completed"');
  const faults: string[] = [];
  const status = String(ended["status"]);
  if (!["completed", "failed"].includes(status)) faults.push(`it ended as ${status}`);
  if (isReported && ended["result"] !== "Finished.") faults.push("a result that Codex had reported is lost");
  if (status === "completed" && !isReported) faults.push("completed without a terminal event");
  const isCodexHit = killed > 0 && (victim === "codex" || victim === "all");
  if (!isCodexHit && status !== "completed") faults.push(`Codex was not touched, and the run is ${status}`);
  return faults;
}

/** Processes that nobody needs any more: all but servers and tmux's own. */
function leftOf(world: World): string[] {
  const commands = world.processes().map(({ command }) => command);
  return commands.filter((command) => command !== BINARY && !isTmuxServer(command) && !command.includes("utempter"));
}

function isTmuxServer(command: string): boolean {
  return /^\S*tmux /.test(command) && command.includes("new-session");
}

function pick<T>(from: readonly T[]): T {
  return from[Math.floor(Math.random() * from.length)] as T;
}
