import { existsSync, readFileSync } from "node:fs";
import { taskPaths } from "#store/store-paths.ts";
import { CODE_MODE_MODEL, HAS_CODE_MODE } from "../support/codex-version.ts";
import { daemonFilesOf, isCodexCommand, socketOfTask } from "../support/engines.ts";
import { hasLandlock } from "../support/landlock.ts";
import { BINARY, type World } from "../support/world.ts";

/** What is killed in a round. */
export const VICTIMS = ["server", "supervisor", "codex", "code-mode host", "tmux server", "all"] as const;

/** How the model works in a round: with a command, with a script, or with another agent. */
const WAYS = ["command", "script", "agent"] as const;

/** What came of a round. */
export interface Round {
  round: number;
  sandbox: string;
  way: (typeof WAYS)[number];
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

const CHILD = "FAULT-CHILD";
const prompts = { command: "FAULT-COMMAND", script: "FAULT-SCRIPT", agent: "FAULT-AGENT" } as const;
/** Leaves a process of its own session behind. */
const FIRST = "setsid nohup sleep 300 >/dev/null 2>&1 & sleep 0.1; echo one";
const SECOND = "sleep 0.2; echo two";

/** The runs: a command, pauses of the model, another one, and a result. */
export function scriptRounds(world: World): void {
  const rest = [{ delayMs: 250 }, { run: SECOND }, { say: "Finished." }];
  world.stub.script(CHILD, [{ run: "sleep 0.3; echo child" }, { say: "The child is done." }]);
  world.stub.script(prompts.command, [{ run: FIRST }, ...rest]);
  world.stub.script(prompts.agent, [{ agent: "spawn_agent", args: { message: CHILD } }, { run: FIRST }, ...rest]);
  const js = (cmd: string) => ({
    js: `text(JSON.stringify(await tools.exec_command({cmd: ${JSON.stringify(cmd)}})));`,
  });
  world.stub.script(prompts.script, [js(FIRST), { delayMs: 250 }, js(SECOND), { say: "Finished." }]);
}

/** Starts a task, kills the victim at a random moment, and looks at what becomes of the task. */
export async function playRound(world: World, cwd: string, round: number): Promise<Round> {
  const victim = pick(VICTIMS.filter((each) => HAS_CODE_MODE || each !== "code-mode host"));
  const kind = victim === "tmux server" ? "full-access" : pick(["read-only", "confined", "full-access"]);
  // Without Codex's sandbox: the server's own confinement, and an app-server that is talked to through pipes.
  const isConfined = kind === "confined" && hasLandlock(world.root);
  const sandbox = kind === "full-access" ? kind : "read-only";
  const way = victim === "code-mode host" ? "script" : pick(WAYS.filter((each) => HAS_CODE_MODE || each !== "script"));
  const afterMs = Math.round(Math.random() * 900);
  const topic = `longrun-fault_${round}-v1`;
  const taskId = `codex-${topic}`;
  const environment = isConfined ? { CODEXMCP_READONLY_FALLBACK: "1" } : {};
  const starter = await world.client(environment);
  const model = way === "script" ? { model: CODE_MODE_MODEL } : {};
  await starter.call("codex_dispatch", { prompt: prompts[way], cwd, topic, sandbox, ...model });
  await Bun.sleep(afterMs);
  const killed = kill(world, victim, taskId, starter.pid);
  const client = await world.client(environment);
  const ended = await world.waitForEnd(client, taskId).catch((error: Error) => ({ status: error.message, code: "" }));
  const { status, code, error } = { code: "", error: undefined, ...ended } as Record<string, unknown> & {
    status: string;
    code: string;
  };
  const faults = judge(world, taskId, victim, ended, killed);
  await world.until(() => leftOf(world).length === 0).catch(() => faults.push(`left: ${leftOf(world).join("; ")}`));
  const sockets = daemonFilesOf(socketOfTask(world.stateHome, taskId)).filter((path) => existsSync(path));
  if (sockets.length > 0) faults.push(`left: ${sockets.join("; ")}`);
  await Promise.all([starter.close(), client.close()].map((closing) => closing.catch(() => undefined)));
  return {
    round,
    sandbox: isConfined ? "confined" : sandbox,
    way,
    victim,
    afterMs,
    killed,
    status,
    code,
    error,
    faults,
  };
}

function kill(world: World, victim: Round["victim"], taskId: string, server: number): number {
  const isTmux = (command: string) => /^\S*tmux /.test(command) && !command.includes("wait-for");
  const isSupervisor = (command: string) => !isTmux(command) && command.includes(`run-task ${taskId}`);
  const matches: Record<Round["victim"], (pid: number, command: string) => boolean> = {
    server: (pid) => pid === server,
    supervisor: (_, command) => isSupervisor(command),
    codex: (_, command) => isCodexCommand(command),
    "code-mode host": (_, command) => command.includes("codex-code-mode-host"),
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
  const { log } = taskPaths(world.stateHome, taskId);
  const lines = existsSync(log) ? readFileSync(log, "utf8").split("\n").filter(Boolean) : [];
  const faults: string[] = [];
  const events = lines.flatMap((line) => parseEvent(line) ?? []);
  // A line that a killed process was writing is not whole.
  if (lines.length - events.length > 1) faults.push("the log has lines that are not JSON");
  const ofType = (type: string) => events.filter((event) => event.type === type);
  const isReported = ofType("turn.completed").length > 0;
  const status = String(ended["status"]);
  if (!["completed", "failed"].includes(status)) faults.push(`it ended as ${status}`);
  if (isReported && ended["result"] !== "Finished.") faults.push("a result that Codex had reported is lost");
  if (status === "completed" && !isReported) faults.push("completed without a terminal event");
  const isCodexHit = killed > 0 && (victim === "codex" || victim === "all");
  // A supervisor that is killed before it has started Codex leaves nothing to take over: the task says that.
  const isTooEarly = victim === "supervisor" && events.length === 0 && ended["code"] === "supervisor_lost";
  if (!isCodexHit && !isTooEarly && status !== "completed") {
    faults.push(`Codex was not touched, and the run is ${status}`);
  }
  const isHostHit = killed > 0 && victim === "code-mode host";
  if (!isHostHit) faults.push(...judgeSteps(events, status === "completed"));
  faults.push(...judgeEvents(events));
  return faults;
}

interface Event {
  type: string;
  item?: { id?: string; type?: string; command?: string; text?: string };
}

function parseEvent(line: string): Event | undefined {
  try {
    return JSON.parse(line) as Event;
  } catch {
    return undefined;
  }
}

/** The log has the steps in the order in which they happened, and all of them if the run was completed. */
function judgeSteps(events: readonly Event[], isWhole: boolean): string[] {
  const steps = completedItems(events).flatMap((item) => {
    if (item.type === "agent_message") return [String(item.text)];
    return item.type === "command_execution" ? (/echo (\w+)/.exec(item.command ?? "")?.[1] ?? []) : [];
  });
  const wanted = ["one", "two", "Finished."].filter((step) => isWhole || steps.includes(step));
  return Bun.deepEquals(steps, wanted) ? [] : [`the log has ${steps.join(", ")}`];
}

/** The log has each item and each part of the run once. */
function judgeEvents(events: readonly Event[]): string[] {
  const ids = completedItems(events).flatMap(({ id }) => (id === undefined || id === "" ? [] : [id]));
  const parts = ["thread.started", "turn.started", "turn.completed"];
  const doubled = parts.filter((type) => events.filter((event) => event.type === type).length > 1);
  if (new Set(ids).size < ids.length) doubled.push("an item");
  return doubled.map((what) => `the log has ${what} twice`);
}

function completedItems(events: readonly Event[]): NonNullable<Event["item"]>[] {
  return events.flatMap(({ type, item }) => (type === "item.completed" && item !== undefined ? [item] : []));
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
