// Measures the cost of the read-only fallback: starting a program confined and directly, alternating; and snapshots of a
// repository of 50,000 files before and after a run.
// Usage: bun scripts/bench/readonly.ts [rounds]
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { locateCodex } from "#codex/locate.ts";
import { writablePaths } from "#readonly/confine/confined-command.ts";
import { readConfig } from "#base/config.ts";
import type { ReadonlyAudit } from "#domain/readonly-audit.ts";
import { buildBinary } from "../build.ts";
import { BINARY, World } from "../../test/support/world.ts";
import { report, type Samples } from "./report.ts";

const rounds = Number(process.argv[2] ?? 15);
const FILES = 50_000;

await buildBinary();
const world = new World();
try {
  report("start of Codex (--version)", measureStart());
  report(`the workspace before and after, ${FILES} files`, await measureWitness());
} finally {
  await world.close();
}

function measureStart(): Samples {
  const codex = locateCodex(readConfig(world.environment())).path;
  const folders = { codexHome: world.codexHome, temporary: world.folder("tmp") };
  const write = writablePaths(folders).map((path) => `--write=${path}`);
  const confined = [
    BINARY,
    "confine",
    `--report=${join(world.root, "report.json")}`,
    ...write,
    "--",
    codex,
    "--version",
  ];
  const samples: Samples = { direct: [], confined: [] };
  for (let round = 0; round < rounds * 2; round++) {
    for (const [name, command] of Object.entries({ direct: [codex, "--version"], confined })) {
      const start = performance.now();
      const { exitCode } = Bun.spawnSync(command, { env: world.environment() });
      samples[name]?.push(performance.now() - start);
      if (exitCode !== 0) throw new Error(`${name}: exit ${exitCode}`);
    }
  }
  return samples;
}

async function measureWitness(): Promise<Samples> {
  const repository = await world.repository("large");
  for (let index = 0; index < FILES; index++) {
    const folder = join(repository, `part${index % 25}`, `module${index % 500}`);
    if (index < 500) mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `file${index}.ts`), `${"export const x = 1;\n".repeat(1 + (index % 400))}// ${index}\n`);
  }
  await world.run(repository, ["git", "add", "."]);
  await world.run(repository, ["git", "commit", "--quiet", "-m", "Files"]);
  world.stub.script("BENCH", [{ say: "Done." }]);
  const client = await world.client({ CODEXMCP_READONLY_FALLBACK: "1" });
  const samples: Samples = { "as evidence states it": [], "git status": [] };
  for (let round = 0; round < Math.min(rounds, 7); round++) {
    const topic = `review-large_${round}-v1`;
    const { data } = await client.call("codex", { prompt: "BENCH", cwd: repository, topic, sandbox: "read-only" });
    const { evidence } = data["readonly_audit"] as ReadonlyAudit;
    if ((evidence.workspace?.not_covered.length ?? 1) > 0) throw new Error(JSON.stringify(evidence));
    samples["as evidence states it"]?.push(evidence.workspace?.milliseconds ?? Number.NaN);
    const start = performance.now();
    await world.run(repository, ["git", "status", "--short"]);
    samples["git status"]?.push(performance.now() - start);
  }
  return samples;
}
