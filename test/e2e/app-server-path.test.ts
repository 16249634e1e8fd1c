import { afterAll, beforeAll, expect } from "bun:test";
import { join } from "node:path";
import { appServerTest as test } from "../support/newer-codex.ts";
import { World } from "../support/world.ts";

let world: World;
beforeAll(() => {
  world = new World();
});
afterAll(() => world.close());

test("the state folder's path may have characters that mean something in an address", async () => {
  const cwd = await world.repository();
  world.stub.script("PLACE", [{ say: "Found." }]);
  for (const name of ["sp ace", "co:lon", "ha#sh", "ümlaut?"]) {
    const client = await world.client({ CODEXMCP_ENGINE: "app-server", CODEXMCP_HOME: join(world.root, name) });
    const { data } = await client.call("codex", { prompt: "PLACE", cwd });
    expect({ name, ...data }).toMatchObject({ name, success: true, result: "Found." });
  }
});
