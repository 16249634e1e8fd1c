import { expect, test } from "bun:test";
import { TestBoard } from "../support/board.ts";
import { World } from "../support/world.ts";

test("two boards never share a port", async () => {
  const worlds = [new World(), new World()] as const;
  const first = await TestBoard.start(worlds[0]);
  const second = await TestBoard.start(worlds[1]);
  try {
    expect(second.origin).not.toBe(first.origin);
    // Each connection would go to either of them.
    for (let round = 0; round < 20; round++) {
      expect((await fetch(first.address, { headers: { connection: "close" } })).status).toBe(200);
    }
  } finally {
    await first.stop();
    await second.stop();
    for (const world of worlds) await world.close();
  }
});
