// Measures the overhead of the server over a bare `codex exec`: both run the same command against the same model stub,
// alternating in one run, so that the load of the machine affects both. Usage: bench:overhead [rounds]
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { codexArguments } from "#codex/process.ts";
import { locateCodex } from "#codex/locate.ts";
import { readConfig } from "#base/config.ts";
import { buildBinary } from "../build.ts";
import { BINARY, World } from "../../test/support/world.ts";
import { measureStart } from "./start-time.ts";
import { type Samples, report } from "./report.ts";

const rounds = Number(process.argv[2] ?? 15);
const PROMPT = "BENCH: say that you are done.";

await buildBinary();
const world = new World();
try {
  world.stub.script("BENCH", [{ say: "Done." }]);
  report("spawn to initialize", await measureStart(world, BINARY, rounds));
  report("wall time", await measureRuns());
  report("Codex's exit to the answer", await measureExitToAnswer());
} finally {
  await world.close();
}

async function measureRuns(): Promise<Samples> {
  const repository = await world.repository();
  const client = await world.client();
  const samples: Samples = {
    "bare read-only": [],
    "tool read-only": [],
    "bare full-access": [],
    "tool full-access": [],
  };
  const time = async (name: string, work: () => Promise<unknown>) => {
    const start = performance.now();
    await work();
    samples[name]?.push(performance.now() - start);
  };
  const call = (topic: string, sandbox: string) =>
    client.call("codex", { prompt: PROMPT, cwd: repository, topic, sandbox });
  for (let round = 0; round < rounds; round++) {
    await time("bare read-only", () => runBare(repository, "read-only"));
    await time("tool read-only", () => call(`review-bench_${round}-v1`, "read-only"));
    await time("bare full-access", () => runBare(repository, "full-access"));
    await time("tool full-access", () => call(`implement-bench_${round}-v1`, "full-access"));
  }
  return samples;
}

/** Runs Codex without the server, with the program and arguments that a supervisor would use. */
async function runBare(folder: string, sandbox: "read-only" | "full-access"): Promise<void> {
  const program = locateCodex(readConfig(world.environment()));
  const child = Bun.spawn([program.path, ...codexArguments({ sandbox, run_dir: folder })], {
    cwd: folder,
    env: { ...world.environment(), ...program.environment },
    stdio: [new Blob([PROMPT]), Bun.file(join(world.root, "bare.log")), "ignore"],
  });
  if ((await child.exited) !== 0) throw new Error("the bare run failed");
}

/** Measures the time from Codex's exit, recorded by a wrapper script, to the answer. */
async function measureExitToAnswer(): Promise<Samples> {
  const wrapper = join(world.root, "codex-with-end-time");
  const ended = join(world.root, "ended");
  const codex = locateCodex(readConfig(world.environment())).path;
  writeFileSync(wrapper, `#!/bin/sh\n'${codex}' "$@"\nstatus=$?\ndate +%s%N > '${ended}'\nexit $status\n`);
  chmodSync(wrapper, 0o755);
  const repository = await world.repository("exits");
  const client = await world.client({ CODEXMCP_CODEX_BIN: wrapper });
  const samples: Samples = { "read-only": [], "full-access": [] };
  for (let round = 0; round < rounds; round++) {
    for (const sandbox of ["read-only", "full-access"]) {
      const topic = `${sandbox === "read-only" ? "review" : "implement"}-exit_${round}-v1`;
      await client.call("codex", { prompt: PROMPT, cwd: repository, topic, sandbox });
      samples[sandbox]?.push(Date.now() - Number(readFileSync(ended, "utf8")) / 1e6);
    }
  }
  return samples;
}
