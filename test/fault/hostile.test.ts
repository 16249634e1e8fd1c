import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { runCli } from "../support/command-line.ts";
import { HOSTILITIES, type Hostility, inflict, peakMiB, randomOf } from "../support/hostile.ts";
import type { McpClient, ToolAnswer } from "../support/mcp-client.ts";
import { BINARY, World } from "../support/world.ts";

const ROUNDS = Number(process.env["HOSTILE_ROUNDS"] ?? 3);
const SEED = Number(process.env["HOSTILE_SEED"] ?? Date.now() % 100_000);
/** Generous: the machine may be busy. HOSTILE_PING_MS=100 is what a quiet one does. */
const PING_MS = Number(process.env["HOSTILE_PING_MS"] ?? 2000);
const MAX_MIB = 300;

let world: World;
let client: McpClient;
let worstPing = 0;
let peak = 0;
const over = new AbortController();

beforeAll(async () => {
  world = new World();
  client = await world.client();
  void watch();
});
afterAll(async () => {
  over.abort();
  await runRound(["rm", "-rf", ...(await folders())]);
  await world.close();
});

async function runRound(command: string[]): Promise<void> {
  await Bun.spawn(command, { stdio: ["ignore", "ignore", "ignore"] }).exited;
}

/** The tests' own repositories and worktrees: nothing but rm gets them all away. */
async function folders(): Promise<string[]> {
  const found = await Array.fromAsync(new Bun.Glob("round*").scan({ cwd: world.root, onlyFiles: false }));
  return found.map((name) => join(world.root, name));
}

/** Measures how long the server takes to answer a ping, and what our processes hold. */
async function watch(): Promise<void> {
  while (!over.signal.aborted) {
    const asked = performance.now();
    await client.sdk.ping({ timeout: 120_000 }).catch(() => {});
    worstPing = Math.max(worstPing, performance.now() - asked);
    peak = Math.max(peak, peakMiB(client.pid));
    if (asked % 20 < 1) {
      const ours = world
        .processes()
        .filter(({ command }) => command.startsWith(basename(BINARY)) || command.startsWith(BINARY));
      for (const { pid } of ours) peak = Math.max(peak, peakMiB(pid));
    }
    await Bun.sleep(5);
  }
}

function expectSense(what: string, answer: ToolAnswer): void {
  expect({ what, code: answer.data["code"] }).not.toMatchObject({ code: "internal" });
  expect({ what, code: answer.data["code"] }).not.toMatchObject({ code: "state_unusable" });
}

/** A repository with ignored files and a folder, with all that done to it. */
async function hostileRepository(name: string, hostilities: readonly Hostility[]): Promise<string> {
  const repo = await world.repository(name);
  mkdirSync(join(repo, "src"));
  writeFileSync(join(repo, "src", "main.c"), "int main;\n");
  writeFileSync(join(repo, ".gitignore"), "*.env\n");
  writeFileSync(join(repo, "secret.env"), "secret\n");
  await world.run(repo, ["git", "add", "."]);
  await world.run(repo, ["git", "commit", "--quiet", "-m", "More"]);
  await inflict(repo, hostilities);
  return repo;
}

async function startBoth(round: number, cwd: string, prompt: string): Promise<void> {
  const task = { prompt, cwd, timeout_seconds: 20 };
  const [looked, changed] = await Promise.all([
    client.call("codex", { ...task, topic: `review-round${round}-v1`, sandbox: "read-only" }),
    client.call("codex", { ...task, topic: `implement-round${round}-v1`, sandbox: "full-access" }),
  ]);
  expectSense("read-only", looked);
  expectSense("full-access", changed);
}

async function lookAtAll(round: number): Promise<void> {
  const task_id = `codex-implement-round${round}-v1`;
  const [diff, status, list] = await Promise.all([
    client.call("codex_diff", { task_id }),
    client.call("codex_status", { task_id }),
    runCli(world, ["worktrees", "--json"]),
    client.sdk.readResource({ uri: `codex://tasks/${task_id}/diff` }).catch(() => {}),
  ]);
  expectSense("diff", diff);
  expectSense("status", status);
  expect(list).toMatchObject({ exitCode: 0, stderr: "" });
  expectSense("merge", await client.call("codex_merge", { task_ids: [task_id] }));
}

/** Runs one round, and tells which it was where it fails. */
async function inRound(hostilities: readonly Hostility[], round: () => Promise<void>): Promise<void> {
  const started = performance.now();
  try {
    await round();
  } catch (error) {
    throw new Error(`seed ${SEED}: ${hostilities.map(({ name }) => name).join(", ")}`, { cause: error });
  }
  if (process.env["HOSTILE_ROUNDS"] !== undefined) {
    const names = hostilities.map(({ name }) => name).join(", ");
    console.error(
      `${Math.round(performance.now() - started)} ms, ping ${Math.round(worstPing)} ms, ${peak} MiB: ${names}`,
    );
  }
}

const random = randomOf(SEED);

function pick(count: number): Hostility[] {
  return Array.from({ length: count }, () => HOSTILITIES[random(HOSTILITIES.length)]).filter(
    (each) => each !== undefined,
  );
}

test(
  `${ROUNDS} hostile repositories, and as many left by agents (HOSTILE_ROUNDS, HOSTILE_SEED)`,
  async () => {
    world.stub.script("QUICK", [{ run: "echo more >> src/main.c" }, { say: "Done." }]);
    for (let round = 0; round < ROUNDS; round++) {
      const found = pick(1 + random(2));
      await inRound(found, async () => {
        await startBoth(round, await hostileRepository(`round${round}`, found), "QUICK");
        await lookAtAll(round);
      });
      const left = pick(1 + random(2));
      const number = ROUNDS + round;
      world.stub.script(`LEAVE-${number}-`, [
        { run: left.map(({ script }) => `(${script})`).join("; ") },
        { say: "Left." },
      ]);
      await inRound([{ name: "LEFT", script: "" }, ...left], async () => {
        await startBoth(number, await hostileRepository(`round${number}`, []), `LEAVE-${number}-`);
        await lookAtAll(number);
      });
    }
    console.error(`hostile repositories: the worst ping took ${Math.round(worstPing)} ms; peak ${peak} MiB`);
    expect(peak).toBeLessThan(MAX_MIB);
    expect(worstPing).toBeLessThan(PING_MS);
  },
  120_000 + ROUNDS * 60_000,
);
