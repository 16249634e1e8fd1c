// Processes killed while the work of a task is checked: no attempt is forgotten or doubled, no state is false, and nothing is left.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { BOTH_ENGINES, CheckWorld } from "../support/check-world.ts";
import { isCodexCommand } from "../support/engines.ts";
import { WITHOUT_CGROUPS } from "../support/without-cgroups.ts";

const ROUNDS = Number(process.env["FAULT_ROUNDS"] ?? 10);

const VICTIMS = ["supervisor", "codex", "both", "check", "keeper"] as const;
/** Passes at three; leaves a process of its own session, which has cleared its environment, each time. */
const CHECK =
  'env -i setsid sleep 300 & sleep 0.4; test "$(cat count)" = 3 || { echo "MARK-$(cat count)"; exit 5; }; : checked';

/** The world of the rounds that are played. */
let world: CheckWorld;

interface Round {
  round: number;
  engine: string;
  victim: string;
  /** Number of the attempt that was running. */
  attempt: number;
  afterMs: number;
  killed: number;
  wasCodexHit: boolean;
  status: unknown;
  code: unknown;
  error: unknown;
  attempts: unknown;
  faults: string[];
}

const canHide = Bun.spawnSync([...WITHOUT_CGROUPS, "true"]).exitCode === 0;
if (!canHide) console.warn("SKIPPED: control groups cannot be hidden here, so checks are not killed without them");

describe.each([...(canHide ? ["without"] : []), "with"])("%s control groups", (kind) => {
  beforeAll(async () => (world = await CheckWorld.open(kind === "without" ? WITHOUT_CGROUPS : [])));
  afterAll(() => world.close());

  const count = canHide ? Math.ceil(ROUNDS / 2) : ROUNDS;
  test(
    `supervisor, Codex, both or the check killed while it runs, ${count} times: attempts and ends are true`,
    async () => {
      const rounds: Round[] = [];
      for (let round = 1; round <= count; round++) rounds.push(await playRound(round));
      console.table(rounds.map((round) => ({ ...round, faults: round.faults.join(", ") })));
      expect(rounds.filter(({ faults }) => faults.length > 0)).toEqual([]);
    },
    count * 45_000,
  );
});

async function playRound(round: number): Promise<Round> {
  const engine = pick(BOTH_ENGINES);
  const victim = pick(VICTIMS);
  const attempt = pick([1, 2, 3]);
  const afterMs = Math.round(Math.random() * 500);
  const more = { check: CHECK, check_attempts: 4 };
  const taskId = await world.dispatch(engine, "COUNT-FROM-ONE", `fault_${round}`, more);
  await world.until(() => world.eventsOf(taskId, "check.started").length >= attempt);
  // Otherwise it may be killed while the work is committed.
  if (victim === "check" || victim === "keeper") await world.until(() => world.running(": checked").length > 0);
  await Bun.sleep(afterMs);
  const { killed, wasCodexHit } = kill(taskId, victim);
  await world.wait(taskId);
  const ended = await world.status(taskId);
  const faults = judge(taskId, ended, { victim, wasCodexHit });
  await world.until(() => leftOf(taskId).length === 0).catch(() => faults.push(`left: ${leftOf(taskId).join("; ")}`));
  const { status, code, error, check } = ended as {
    status: unknown;
    code: unknown;
    error: unknown;
    check?: { attempts: number };
  };
  const attempts = check?.attempts;
  return { round, engine, victim, attempt, afterMs, killed, wasCodexHit, status, code, error, attempts, faults };
}

function kill(taskId: string, victim: (typeof VICTIMS)[number]): { killed: number; wasCodexHit: boolean } {
  const supervisor = world.supervisorOf(taskId);
  const isKeeper = (command: string) => command.includes("keep-orphans") && command.includes(": checked");
  const isCheck = (command: string) => command.includes(": checked") && !isKeeper(command);
  const isVictim = {
    supervisor: (pid: number) => pid === supervisor,
    codex: (_: number, command: string) => isCodexCommand(command),
    both: (pid: number, command: string) => pid === supervisor || isCodexCommand(command),
    check: (_: number, command: string) => isCheck(command),
    keeper: (_: number, command: string) => isKeeper(command),
  }[victim];
  const victims = world.processes().filter(({ pid, command }) => isVictim(pid, command));
  for (const { pid } of victims) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended by itself in this moment.
    }
  }
  return { killed: victims.length, wasCodexHit: victims.some(({ command }) => isCodexCommand(command)) };
}

function judge(
  taskId: string,
  ended: Record<string, unknown>,
  { victim, wasCodexHit }: { victim: string; wasCodexHit: boolean },
): string[] {
  const faults: string[] = [];
  const check = ended["check"] as { attempts: number; passed: boolean } | undefined;
  const completed = world.eventsOf(taskId, "check.completed").map(({ attempt }) => Number(attempt));
  const isInOrder = completed.every((attempt, index) => attempt === index + 1);
  if (!isInOrder) faults.push(`attempts in the log: ${completed.join()}`);
  if (check !== undefined && check.attempts !== completed.length) faults.push(`it says ${check.attempts} attempts`);
  const turns = world.eventsOf(taskId, "turn.completed").length;
  const isCheckHit = victim === "check" || victim === "keeper";
  if (ended["status"] === "completed") {
    if (check?.passed !== true) faults.push("completed without a check that has passed");
    if (turns !== check?.attempts) faults.push(`${turns} turns and ${check?.attempts} attempts`);
    if (!isCheckHit && turns !== 3) faults.push(`${turns} turns`);
  } else if (ended["status"] !== "failed") faults.push(`it ended as ${String(ended["status"])}`);
  else if (!wasCodexHit) faults.push(`Codex was not touched, and the run has failed: ${String(ended["error"])}`);
  // Work of a failed run may not be committed.
  const uncommitted = JSON.stringify(ended["uncommitted_changes"] ?? []);
  if (ended["status"] === "completed" && uncommitted !== "[]") faults.push(`uncommitted: ${uncommitted}`);
  return [...faults, ...judgeMessages(taskId, isCheckHit ? 2 : 1)];
}

function judgeMessages(taskId: string, atMost: number): string[] {
  const said = ["MARK-1", "MARK-2"].map((mark) => ({ mark, times: timesAsked(taskId, mark) }));
  return said.flatMap(({ mark, times }) => (times > atMost ? [`${mark} was said ${times} times`] : []));
}

/** Returns how often a text went to the session of a task as a message. */
function timesAsked(taskId: string, mark: string): number {
  const messages = world.eventsOf(taskId, "item.completed").map(({ item }) => item as { type: string; text?: string });
  return messages.filter(({ type, text }) => type === "user_message" && text?.includes(`\n${mark}\n`) === true).length;
}

function leftOf(taskId: string): string[] {
  return world
    .processesOf(taskId)
    .map(({ command }) => command)
    .concat(world.running("sleep 300"), world.running(": checked"))
    .filter((command) => !/^\S*tmux /.test(command));
}

function pick<T>(from: readonly T[]): T {
  return from[Math.floor(Math.random() * from.length)] as T;
}
