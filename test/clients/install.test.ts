// Real clients list this server after `install`, each in a home of its own, without an account.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { dirname } from "node:path";
import { runCli } from "../support/command-line.ts";
import { findClient } from "../support/real-clients.ts";
import { BINARY, CODEX, World } from "../support/world.ts";

let world: World;

beforeAll(() => {
  world = new World();
});
afterAll(() => world.close());

/** Clients, their programs, and what they print of a server that is there. */
const CLIENTS: [id: string, program: string | undefined, listed: RegExp][] = [
  ["codex", CODEX, /^codex +\S*codex-mcp-server/m],
  ["claude-code", findClient("claude"), /codex: .* ✔ Connected/],
  ["opencode", findClient("opencode"), /codex .*connected/],
  // It starts the servers of trusted folders only.
  ["gemini-cli", findClient("gemini"), /codex: \S*codex-mcp-server/],
  ["copilot-cli", findClient("copilot"), /codex \(local\)/],
  ["qwen", findClient("qwen"), /codex: \S*codex-mcp-server.* Connected/],
];

describe.each(CLIENTS)("%s", (id, program, listed) => {
  test.skipIf(program === undefined)(
    "lists the server after install, and no longer after --uninstall",
    async () => {
      const home = world.folder(`home-${id}`);
      const more = { HOME: home, PATH: `${dirname(program ?? "")}:${process.env["PATH"]}`, TERM: "dumb" };
      const environment = { ...more, XDG_CONFIG_HOME: undefined, CODEX_HOME: undefined, CLAUDE_CONFIG_DIR: undefined };
      const list = async () => {
        const run = Bun.spawn([program ?? "", "mcp", "list"], {
          cwd: home,
          env: world.environment(environment),
          stdio: ["ignore", "pipe", "pipe"],
        });
        const texts = await Promise.all([run.stdout.text(), run.stderr.text()]);
        await run.exited;
        // oxlint-disable-next-line no-control-regex -- colours
        return texts.join("").replaceAll(/\u001B\[[0-9;]*m/g, "");
      };
      expect(await list()).not.toMatch(listed);
      const installed = await runCli(world, ["install", id, "--yes"], environment);
      expect(installed.exitCode).toBe(0);
      expect(installed.stdout).toContain(BINARY);
      expect(await list()).toMatch(listed);
      expect((await runCli(world, ["install", id, "--yes", "--uninstall"], environment)).exitCode).toBe(0);
      expect(await list()).not.toMatch(listed);
    },
    240_000,
  );
});
