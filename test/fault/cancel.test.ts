import { afterAll, beforeAll, expect, test } from "bun:test";
import { isCodexCommand } from "../support/engines.ts";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { taskPaths } from "#store/store-paths.ts";
import { readMeta } from "#store/tasks/meta-file.ts";
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
import { WITHOUT_CGROUPS } from "../support/without-cgroups.ts";
import { World } from "../support/world.ts";

// The whole suite is 200 tries: FAULT_ROUNDS=200 npm test -- test/fault
const TRIES = Number(process.env["FAULT_ROUNDS"] ?? 12);

/** So many tries have bystanders of their own: Codex gives up a model that has been silent for five minutes. */
const BATCH = 24;
/** How many processes of a bystander sleep, once all are there. */
const SLEEPING = 4;

const ON_LINUX = process.platform === "linux";
const canHide = ON_LINUX && Bun.spawnSync([...WITHOUT_CGROUPS, "true"]).exitCode === 0;
if (!canHide) {
  const what = ON_LINUX ? "without control groups, since none can be hidden here" : "at all, which only Linux can do";
  console.warn(`SKIPPED: a cancel of processes that have left everything behind ${what}`);
}

const WAYS = ["tool", "command line", "supervisor killed", "supervisor and Codex killed", "Codex stopped"] as const;

/** A world whose tasks have control groups, where the machine gives them any, or have none. */
interface Place {
  world: World;
  client: McpClient;
  hasCgroups: boolean;
}

/** Processes that are not the tried task's. */
interface Bystander {
  token: string;
  pids: number[];
  /** The task that they belong to; undefined where a user has started them. */
  task?: { place: Place; id: string };
}

const places: Place[] = [];
const bystanders: Bystander[] = [];

beforeAll(async () => {
  for (const hasCgroups of canHide ? [true, false] : [true]) {
    const world = new World();
    writeEscapeScripts(world.root);
    const client = await world.client({}, world.root, hasCgroups ? [] : WITHOUT_CGROUPS);
    places.push({ world, client, hasCgroups });
  }
}, 60_000);

afterAll(async () => {
  for (const { token } of bystanders) killNamed(token);
  for (const { world } of places) await world.close();
});

test.if(ON_LINUX)(
  `a cancel, however the task's processes were left behind and whoever of its parents is dead, ${TRIES} times: none is left, others are not touched`,
  async () => {
    const table: Record<string, unknown>[] = [];
    for (let index = 0; index < TRIES; index++) {
      if (index % BATCH === 0) await startBystanders(index);
      const place = places[index % places.length] as Place;
      const ways = shuffled(ESCAPES).slice(0, 3);
      const way = WAYS[Math.floor(index / 2) % WAYS.length] as (typeof WAYS)[number];
      // Without a group, what has cleared its environment leads nowhere once all of its parents are dead.
      const isHopeless = way === "supervisor and Codex killed" && !place.hasCgroups;
      const tried = isHopeless ? "supervisor killed" : way;
      const { left, milliseconds } = await tryOnce(place, index, ways, tried);
      table.push({ index, way: tried, cgroup: place.hasCgroups, ways: ways.join(", "), left, milliseconds });
      if (index % BATCH === BATCH - 1 || index === TRIES - 1) await checkBystanders();
    }
    console.table(table);
    expect(table.filter(({ left }) => left !== 0)).toEqual([]);
  },
  TRIES * 30_000,
);

/** Starts, on each place, a task and a user's processes that look like those of the tried tasks. */
async function startBystanders(version: number): Promise<void> {
  const ways = ["cleared environment", "cleared double fork", "deaf to signals"] as const;
  for (const place of places) {
    const topic = `longrun-bystander_${version}-v1`;
    const token = makeToken();
    await start(place, topic, ways, token);
    bystanders.push({ token, pids: [], task: { place, id: `codex-${topic}` } });
    const own = makeToken();
    Bun.spawn(["sh", "-c", escapeCommand(ways, own, place.world.root)], { stdio: ["ignore", "ignore", "ignore"] });
    bystanders.push({ token: own, pids: [] });
  }
  for (const each of bystanders) {
    const sleeping = () => (each.pids = processesNamed(`sleep\0${each.token}`));
    await places[0]?.world.until(() => sleeping().length === SLEEPING);
  }
}

/** Checks that all bystanders are still there, and ends them. */
async function checkBystanders(): Promise<void> {
  for (const { token, pids, task } of bystanders) {
    const now = processesNamed(token);
    if (task === undefined) killNamed(token);
    else await task.place.client.call("codex_cancel", { task_id: task.id });
    expect(processesNamed(token)).toEqual([]);
    expect(pids.filter((pid) => !now.includes(pid))).toEqual([]);
  }
  bystanders.length = 0;
}

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
    const isVictim = (command: string) => command.includes(`run-task ${taskId}`) || isCodexOf(world, taskId, command);
    signal(world, isVictim, "SIGKILL");
  }
  if (way === "Codex stopped") signal(world, (command) => isCodexOf(world, taskId, command), "SIGSTOP");
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
  // At the end of a command, Codex kills what has not left its process group by then.
  const command = `${escapeCommand(ways, token, world.root)}\nsleep 0.4; touch ${started}; sleep 9`;
  world.stub.script(`ESCAPE ${topic}.`, [{ run: command }, { end: "hang" }]);
  await client.call("codex_dispatch", { prompt: `ESCAPE ${topic}.`, cwd: folder, topic, sandbox: "full-access" });
  await world.until(() => existsSync(started));
}

function isCodexOf(world: World, taskId: string, command: string): boolean {
  const spare = readMeta(taskPaths(world.stateHome, taskId).meta)?.spare?.id;
  return isCodexCommand(command) && [taskId, spare].some((id) => id !== undefined && command.includes(id));
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
