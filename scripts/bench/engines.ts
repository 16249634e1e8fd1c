// Compares tasks with `codex exec` called directly (the vendor's program, not npm's launcher), against the same model stub and alternating
// in one run, so that the load of the machine affects both: time from call to answer, and memory while the model works.
// Usage: bench:engines [rounds] [engine]
import { existsSync, readFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { codexArguments } from "#codex/process.ts";
import { locateCodex } from "#codex/locate.ts";
import { readConfig } from "#base/config.ts";
import { sparePaths } from "#store/store-paths.ts";
import { buildBinary } from "../build.ts";
import type { McpClient } from "../../test/support/mcp-client.ts";
import { World } from "../../test/support/world.ts";
import { report, type Samples } from "./report.ts";

const rounds = Number(process.argv[2] ?? 15);
const variables = process.argv[3] === undefined ? {} : { CODEXMCP_ENGINE: process.argv[3] };
const PROMPT = "BENCH: say that you are done.";
/** Tasks that run at once while memory is measured. */
const TASKS = 4;
/** Time after which a process that has just opened its socket is idle, in milliseconds. */
const SETTLE_MS = 100;

type Access = "read-only" | "full-access";

await buildBinary();
const world = new World();
let topics = 0;
try {
  world.stub.script("BENCH", [{ say: "Done." }]);
  world.stub.script("WAITS", [{ end: "hang" }]);
  const repository = await world.repository();
  report("call to answer", await measureTimes(repository));
  await measureMemory(repository);
} finally {
  await world.close();
}

/** Measures the first task of a server, a later one, and one without a process kept ready (`plain`), beside a bare run. */
async function measureTimes(repository: string): Promise<Samples> {
  const samples: Samples = {};
  const time = async (name: string, work: () => Promise<unknown>) => {
    const start = performance.now();
    await work();
    (samples[name] ??= []).push(performance.now() - start);
  };
  // The first call of all probes Codex and writes caches.
  const lasting = await world.client(variables);
  const plain = await world.client({ ...variables, CODEXMCP_SPARE: "0" });
  for (const client of [plain, lasting]) {
    for (const access of ["read-only", "full-access"] as const) await call(client, repository, access);
  }
  await settle();
  console.log(`load before: ${loadavg().map(toFixed).join(" ")}`);
  for (let round = 0; round < rounds; round++) {
    for (const access of ["read-only", "full-access"] as const) {
      await time(`bare ${access}`, () => runBare(repository, access));
      await Bun.sleep(SETTLE_MS);
      const client = await world.client(variables);
      await time(`first ${access}`, () => call(client, repository, access));
      await client.close();
      await settle();
      await time(`plain ${access}`, () => call(plain, repository, access));
      await settle();
      await time(`later ${access}`, () => call(lasting, repository, access));
      await settle();
    }
  }
  console.log(`load after: ${loadavg().map(toFixed).join(" ")}`);
  return samples;
}

/** Waits until what follows an answer is done: the supervisor has left, and the next Codex process is ready. */
async function settle(): Promise<void> {
  const isReady = (id: string) => existsSync(sparePaths(world.stateHome, id).socket);
  await world.until(() => !world.processes().some(({ command }) => command.includes(" run-task ")));
  if (process.argv[3] !== "exec") await world.until(() => world.spares().some(isReady));
  await Bun.sleep(SETTLE_MS);
}

async function call(client: McpClient, cwd: string, sandbox: Access): Promise<void> {
  const topic = `${sandbox === "read-only" ? "review" : "implement"}-bench_${++topics}-v1`;
  const { data } = await client.call("codex", { prompt: PROMPT, cwd, topic, sandbox });
  if (data["success"] !== true) throw new Error(`the task failed: ${JSON.stringify(data)}`);
}

/** Runs Codex without the server, with the program and arguments that a supervisor would use. */
async function runBare(folder: string, sandbox: Access): Promise<void> {
  if ((await startBare(folder, sandbox, PROMPT).exited) !== 0) throw new Error("the bare run failed");
}

function startBare(folder: string, sandbox: Access, prompt: string): Bun.Subprocess {
  const program = locateCodex(readConfig(world.environment()));
  return Bun.spawn([program.path, ...codexArguments({ sandbox, run_dir: folder })], {
    cwd: folder,
    env: { ...world.environment(), ...program.environment },
    stdio: [new Blob([prompt]), Bun.file(join(world.root, "bare.log")), "ignore"],
  });
}

/** Prints the memory of runs whose model is working, for each of them. */
async function measureMemory(repository: string): Promise<void> {
  const requests = () => world.stub.requests.length;
  const before = requests();
  const bare = Array.from({ length: TASKS }, () => startBare(repository, "read-only", "WAITS"));
  await world.until(() => requests() === before + TASKS);
  const exec = sumPss(bare.map(({ pid }) => pid)) / TASKS;
  for (const child of bare) child.kill("SIGKILL");
  await Promise.all(bare.map(({ exited }) => exited));
  console.log(`\nmemory of a running task (PSS of each of ${TASKS}, MiB)\n  bare${exec.toFixed(1).padStart(36)}`);
  for (const engine of ["exec", "app-server"]) {
    const client = await world.client({ ...variables, CODEXMCP_ENGINE: engine });
    await call(client, repository, "read-only");
    const started = requests();
    const ids: string[] = [];
    for (let task = 0; task < TASKS; task++) {
      const { data } = await client.call("codex_dispatch", { prompt: "WAITS", cwd: repository, sandbox: "read-only" });
      ids.push(String(data["task_id"]));
    }
    await world.until(() => requests() === started + TASKS);
    // A process that is kept ready counts as one of them.
    const of = (pattern: RegExp) => {
      const found = world.processes().filter(({ command }) => pattern.test(command));
      return sumPss(found.map(({ pid }) => pid)) / Math.max(found.length, 1);
    };
    const parts = { codex: of(/^\S+\/bin\/codex /), supervisor: of(/ run-task /), keeper: of(/ keep-orphans /) };
    const shown = Object.entries(parts).map(([name, value]) => `${name} ${value.toFixed(1)}`);
    const ratio = (parts.codex / exec).toFixed(2);
    console.log(`  ${engine.padEnd(12)} ${shown.join(", ")}; Codex to bare ${ratio}`);
    for (const task_id of ids) await client.call("codex_cancel", { task_id });
    await client.close();
  }
}

/** Returns the proportional set size of processes in MiB: shared pages count in parts. */
function sumPss(pids: readonly number[]): number {
  const kilobytes = pids.map((pid) => {
    const [, size] = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8")) ?? [];
    return Number(size ?? 0);
  });
  return kilobytes.reduce((sum, each) => sum + each, 0) / 1024;
}

function toFixed(value: number): string {
  return value.toFixed(2);
}
