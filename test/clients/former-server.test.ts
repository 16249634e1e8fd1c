// Codex's own former server, `codex mcp-server` of 0.153, as the judge of what its calls are answered with.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { FORMER_CALLS, FormerClient, shapeOf } from "../support/former-server.ts";
import { findClient } from "../support/real-clients.ts";
import { BINARY, World } from "../support/world.ts";

const RECORDED = join(import.meta.dir, "..", "fixtures", "codex-0.153", "mcp-server.json");
const codex = findClient("formerCodex");

test.skipIf(codex === undefined)(
  "it answers its documented calls as recorded, and this server answers them alike",
  async () => {
    const world = new World();
    world.stub.script("Explain", [{ say: "It explains itself." }]);
    world.stub.script("Continue", [{ say: "Continued." }]);
    try {
      const cwd = await world.repository();
      const shapes = async (command: readonly string[]) => {
        const client = await FormerClient.start(command, world, cwd);
        const all: Record<string, object> = {};
        for (const [name, call] of Object.entries(FORMER_CALLS)) all[name] = shapeOf(await client.call(call, cwd));
        await client.close();
        return all;
      };
      const former = await shapes([codex ?? "", "mcp-server"]);
      expect(former).toEqual(JSON.parse(readFileSync(RECORDED, "utf8")) as Record<string, object>);
      expect(await shapes([BINARY])).toEqual(former);
    } finally {
      await world.close();
    }
  },
  120_000,
);
