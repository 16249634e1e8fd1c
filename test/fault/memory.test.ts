import { afterAll, beforeAll, expect, test } from "bun:test";
import { MemoryLoad } from "../support/memory-load.ts";
import { World } from "../support/world.ts";

let world: World;

beforeAll(() => {
  world = new World();
});
afterAll(() => world.close());

/** Waits until so many progress messages have come, for some seconds at a time: a busy machine needs longer for as many. */
async function tellMoreThan(load: MemoryLoad, messages: number, seconds: number): Promise<void> {
  for (let told = 0; told <= messages;) told += await load.wait(seconds);
}

test.skipIf(process.platform !== "linux")(
  "calls and progress messages leave the server no larger (in full: bench:memory)",
  async () => {
    const load = await MemoryLoad.start(world);
    await load.call(100);
    const warm = await load.residentMiB();
    await load.call(400);
    expect((await load.residentMiB()) / warm).toBeLessThan(1.25);
    await tellMoreThan(load, 1000, 3);
    const waited = await load.residentMiB();
    await tellMoreThan(load, 3000, 8);
    expect((await load.residentMiB()) / waited).toBeLessThan(1.2);
    await load.stop();
  },
  120_000,
);
