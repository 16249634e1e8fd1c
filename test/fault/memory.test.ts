import { afterAll, beforeAll, expect, test } from "bun:test";
import { MemoryLoad } from "../support/memory-load.ts";
import { World } from "../support/world.ts";

let world: World;

beforeAll(() => {
  world = new World();
});
afterAll(() => world.close());

test.skipIf(process.platform !== "linux")(
  "calls and progress messages leave the server no larger (in full: bench:memory)",
  async () => {
    const load = await MemoryLoad.start(world);
    await load.call(100);
    const warm = await load.residentMiB();
    await load.call(400);
    expect((await load.residentMiB()) / warm).toBeLessThan(1.25);
    expect(await load.wait(3)).toBeGreaterThan(1000);
    const waited = await load.residentMiB();
    expect(await load.wait(8)).toBeGreaterThan(3000);
    expect((await load.residentMiB()) / waited).toBeLessThan(1.2);
    await load.stop();
  },
  120_000,
);
