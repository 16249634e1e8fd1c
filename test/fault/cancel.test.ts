import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../support/command-line.ts";
import {
  type Escape,
  ESCAPES,
  escapeCommand,
  killNamed,
  makeToken,
  processesNamed,
  writeEscapeScripts,
} from "../support/escapes.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { World } from "../support/world.ts";

// The whole suite is 200 tries: FAULT_ROUNDS=200 npm test -- test/fault
const TRIES = Number(process.env["FAULT_ROUNDS"] ?? 12);

/** Longer than all tries take. */
const BYSTANDER_SECONDS = 300 + 30 * TRIES;

/** A mount namespace in which nobody finds the control groups. */
const WITHOUT_CGROUPS = [
  "unshare",
  ...(process.getuid?.() === 0 ? ["-m"] : ["-rm"]),
  "sh",
  "-c",
  'mount -t tmpfs none /sys/fs/cgroup && exec "$0" "$@"',
];

const WAYS = ["tool", "command line", "supervisor killed", "supervisor and Codex killed", "Codex stopped"] as const;

/** A world whose tasks have control groups, where the machine gives them any, or have none. */
interface Place {
  world: World;
  client: McpClient;
  hasCgroups: boolean;
}

const places: Place[] = [];
/** Tokens of processes that are not the tried task's. */
const bystanders: { token: string; pids: number[] }[] = [];

beforeAll(async () => {
  for (const hasCgroups of [true, false]) {
    const world = new World();
    writeEscapeScripts(world.root);
    const client = await world.client({}, world.root, hasCgroups ? [] : WITHOUT_CGROUPS);
    const place = { world, client, hasCgroups };
    places.push(place);
    const ways = ["cleared environment", "cleared double fork", "user namespace"] as const;
    const token = makeToken(BYSTANDER_SECONDS);
    await start(place, "longrun-bystander-v1", ways, token);
    bystanders.push({ token, pids: [] });
    const own = makeToken(BYSTANDER_SECONDS);
    Bun.spawn(["sh", "-c", escapeCommand(ways, own, world.root)], { stdio: ["ignore", "ignore", "ignore"] });
    bystanders.push({ token: own, pids: [] });
  }
  await Bun.sleep(500);
  for (const each of bystanders) each.pids = processesNamed(each.token);
}, 60_000);

afterAll(async () => {
  for (const { token } of bystanders) killNamed(token);
  for (const { world } of places) await world.close();
});

test(
  `a cancel, however the task's processes were left behind and whoever of its parents is dead, ${TRIES} times: none is left, others are not touched`,
  async () => {
    const table: Record<string, unknown>[] = [];
    for (let index = 0; index < TRIES; index++) {
      const place = places[index % 2] as Place;
      const ways = shuffled(ESCAPES).slice(0, 3);
      const way = WAYS[Math.floor(index / 2) % WAYS.length] as (typeof WAYS)[number];
      // Without a group, what has cleared its environment leads nowhere once all of its parents are dead.
      const isHopeless = way === "supervisor and Codex killed" && !place.hasCgroups;
      const { left, milliseconds } = await tryOnce(place, index, ways, isHopeless ? "supervisor killed" : way);
      table.push({ index, way, cgroup: place.hasCgroups, ways: ways.join(", "), left, milliseconds });
    }
    console.table(table);
    expect(table.filter(({ left }) => left !== 0)).toEqual([]);
    for (const { token, pids } of bystanders) {
      expect(pids.length).toBeGreaterThan(5);
      expect(processesNamed(token)).toEqual(expect.arrayContaining(pids));
    }
    for (const { world, client } of places) {
      await client.call("codex_cancel", { task_id: "codex-longrun-bystander-v1" });
      expect(existsSync(join(world.stateHome, "tasks", "codex-longrun-bystander-v1"))).toBe(true);
    }
    expect([bystanders[0], bystanders[2]].map((each) => processesNamed(each?.token ?? "").length)).toEqual([0, 0]);
  },
  TRIES * 30_000,
);

async function tryOnce(
  place: Place,
  index: number,
  ways: readonly Escape[],
  way: (typeof WAYS)[number],
): Promise<{ left: number; milliseconds: number }> {
  const { world, client } = place;
  const token = makeToken();
  const topic = `longrun-try_${index}-v1`;
  const taskId = `codex-${topic}`;
  await start(place, topic, ways, token);
  await Bun.sleep(Math.random() * 300);
  if (way === "supervisor killed") signal(world, (command) => command.includes(`run-task ${taskId}`), "SIGKILL");
  if (way === "supervisor and Codex killed") {
    const isVictim = (command: string) => command.includes(`run-task ${taskId}`) || isCodexOf(topic, command);
    signal(world, isVictim, "SIGKILL");
  }
  if (way === "Codex stopped") signal(world, (command) => isCodexOf(topic, command), "SIGSTOP");
  const since = performance.now();
  if (way === "command line") await runCli(world, ["cancel", taskId]);
  else await client.call("codex_cancel", { task_id: taskId });
  const milliseconds = Math.round(performance.now() - since);
  return { left: killNamed(token), milliseconds };
}

/** Starts a task whose command leaves processes behind, and waits until it has done so. */
async function start({ world, client }: Place, topic: string, ways: readonly Escape[], token: string): Promise<void> {
  const folder = world.folder(topic);
  const started = join(world.root, `started-${token}`);
  const command = `${escapeCommand(ways, token, world.root)}\ntouch ${started}`;
  world.stub.script(`ESCAPE ${topic}.`, [{ run: command }, { end: "hang" }]);
  await client.call("codex_dispatch", { prompt: `ESCAPE ${topic}.`, cwd: folder, topic, sandbox: "full-access" });
  await world.until(() => existsSync(started));
}

function isCodexOf(topic: string, command: string): boolean {
  return command.includes(" exec --json") && command.includes(topic);
}

function signal(world: World, isMeant: (command: string) => boolean, name: NodeJS.Signals): void {
  const isTmux = (command: string) => /^\S*tmux /.test(command);
  for (const { pid, command } of world.processes()) if (!isTmux(command) && isMeant(command)) process.kill(pid, name);
}

function shuffled<T>(from: readonly T[]): T[] {
  return from
    .map((each) => ({ each, at: Math.random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ each }) => each);
}
