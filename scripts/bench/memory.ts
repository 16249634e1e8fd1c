// Measures whether the server's memory stays flat: 1,000 calls of all kinds, then 50,000 progress messages.
// Usage: bench:memory [calls] [progress messages]
import { buildBinary } from "../build.ts";
import { MemoryLoad, WAITING } from "../../test/support/memory-load.ts";
import { World } from "../../test/support/world.ts";

const calls = Number(process.argv[2] ?? 1000);
const messages = Number(process.argv[3] ?? 50_000);
const WARM_UP = 100;

await buildBinary();
const world = new World();
try {
  const load = await MemoryLoad.start(world);
  await load.call(WARM_UP);
  const warm = await load.residentMiB();
  console.log(`after ${WARM_UP} calls: ${warm} MiB`);
  for (let done = WARM_UP; done < calls; done += 300) {
    await load.call(300);
    tell(`after ${done + 300} calls`, await load.residentMiB(), warm);
  }
  let told = await load.wait(2);
  const waited = await load.residentMiB();
  console.log(`after the first ${WAITING} calls that waited: ${waited} MiB`);
  while (told < messages) {
    told += await load.wait(20);
    tell(`after ${told} progress messages`, await load.residentMiB(), waited);
  }
  await load.stop();
} finally {
  await world.close();
}

function tell(when: string, now: number, before: number): void {
  console.log(`${when}: ${now} MiB, ${(now / before).toFixed(2)} times`);
}
