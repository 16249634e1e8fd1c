import { join } from "node:path";
import type { World } from "../../test/support/world.ts";
import type { Samples } from "./report.ts";

const INITIALIZE = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "bench", version: "1" } },
});

/** Measures the time from the spawn to the first answer: of our binary, and of an empty Bun program compiled in the same way. */
export async function measureStart(world: World, binary: string, rounds: number): Promise<Samples> {
  const source = join(world.root, "empty.ts");
  const empty = join(world.root, "empty");
  await Bun.write(source, `process.stdin.once("data", () => process.stdout.write("{}\\n"));`);
  const built = await Bun.build({ entrypoints: [source], minify: true, bytecode: true, compile: { outfile: empty } });
  if (!built.success) throw new AggregateError(built.logs, "the empty program does not build");
  const samples: Samples = { "bare start": [], "server start": [] };
  for (let round = 0; round < rounds; round++) {
    samples["bare start"]?.push(await timeFirstAnswer(world, empty));
    samples["server start"]?.push(await timeFirstAnswer(world, binary));
  }
  return samples;
}

async function timeFirstAnswer(world: World, program: string): Promise<number> {
  const start = performance.now();
  const child = Bun.spawn([program], { cwd: world.root, env: world.environment(), stdio: ["pipe", "pipe", "ignore"] });
  void child.stdin.write(`${INITIALIZE}\n`);
  await child.stdin.flush();
  await child.stdout.getReader().read();
  const elapsed = performance.now() - start;
  child.kill("SIGKILL");
  await child.exited;
  return elapsed;
}
