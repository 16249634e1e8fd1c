// The protocol's own conformance suite. Left out are scenarios that want a server made for the suite.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { Glob } from "bun";
import { HttpBridge } from "../support/http-bridge.ts";
import { findClient } from "../support/real-clients.ts";
import { World } from "../support/world.ts";

const SUITE = findClient("conformance");

const LEGACY = [
  "server-initialize",
  "ping",
  "tools-list",
  "resources-list",
  "prompts-list",
  "completion-complete",
  "logging-set-level",
];

const SCENARIOS: Record<string, string[]> = {
  "2025-06-18": LEGACY,
  "2025-11-25": LEGACY,
  "2026-07-28": [
    "server-stateless",
    "tools-list",
    "resources-list",
    "prompts-list",
    "completion-complete",
    "caching",
    "sep-2164-resource-not-found",
  ],
};

/** They call a tool of the suite's own example server. */
const NEED_ITS_OWN_TOOLS = new Set([
  "sep-2575-server-rejects-undeclared-capability",
  "sep-2575-missing-capability-http-400",
]);

interface Check {
  id: string;
  status: string;
  errorMessage?: string;
}

describe.skipIf(SUITE === undefined)("the conformance suite", () => {
  let world: World;
  let bridge: HttpBridge;

  beforeAll(() => {
    world = new World();
    bridge = new HttpBridge(world);
  });
  afterAll(async () => {
    await bridge.stop();
    await world.close();
  });

  const cases = Object.entries(SCENARIOS).flatMap(([version, names]) => names.map((name) => [version, name] as const));
  test.each(cases)(
    "%s: %s",
    async (version, scenario) => {
      const results = world.folder(`${version}-${scenario}`);
      // Node 20 is too old for it; bun is here anyway.
      const command = [process.execPath, "--bun", SUITE ?? "", "server", "--url", bridge.url, "--scenario", scenario];
      const run = Bun.spawn([...command, "--spec-version", version, "--output-dir", results], {
        cwd: world.root,
        env: world.environment(),
        stdio: ["ignore", "ignore", "ignore"],
      });
      await run.exited;
      const [file = ""] = [...new Glob("**/checks.json").scanSync(results)];
      const checks = (await Bun.file(join(results, file)).json()) as Check[];
      const failed = checks.filter(
        ({ id, status }) => status !== "SUCCESS" && status !== "SKIPPED" && !NEED_ITS_OWN_TOOLS.has(id),
      );
      expect(failed).toEqual([]);
      expect(checks.filter(({ status }) => status === "SUCCESS").length).toBeGreaterThan(1);
    },
    60_000,
  );
});
