import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";
import { $ } from "bun";
import { CLIENTS, type McpClient } from "#install/client-table.ts";
import { runCli } from "../support/command-line.ts";
import { findClient } from "../support/real-clients.ts";
import { Terminal } from "../support/terminal.ts";
import { BINARY, World } from "../support/world.ts";

const PROJECT_BIN = join(import.meta.dir, "..", "..", "node_modules", ".bin");
const CLAUDE = findClient("claude");

const FIXTURES: Record<string, string> = {
  json: '{\n  // mine\n  "theme": "dark",\n  "KEY": {\n    "other": { "command": "other-server", "args": ["-x"] }, // keep\n  },\n}\n',
  toml: '# mine\nmodel = "gpt-5" # the best\n\n[mcp_servers.other] # keep\ncommand = "other-server"\n',
};

let world: World;
let environment: Record<string, string>;

beforeAll(() => {
  world = new World();
  environment = world.environment();
});
afterAll(() => world.close());

const install = (...args: string[]) => runCli(world, ["install", ...args]);

function fixtureOf({ format }: McpClient): string {
  return (FIXTURES[format.language] ?? "").replace("KEY", format.key);
}

function writeFixture(client: McpClient): string {
  const file = client.file(environment);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, fixtureOf(client), { mode: 0o640 });
  return file;
}

function backupsOf(file: string): string[] {
  return readdirSync(dirname(file)).filter((name) => name.startsWith(basename(file)) && name.endsWith(".bak"));
}

describe.each(CLIENTS.filter(({ cli }) => cli === undefined).map((client) => [client.id, client] as const))(
  "%s",
  (id, client) => {
    test("gets the entry once, keeps the others, and loses it again", async () => {
      const file = writeFixture(client);
      const first = await install(id, "--yes", "--env", "CODEX_REASONING_EFFORT=high");
      expect(first.exitCode).toBe(0);
      expect(first.stdout).toContain(`+   "command": "${BINARY}"`);
      const written = readFileSync(file, "utf8");
      for (const line of fixtureOf(client).split("\n")) expect(written).toContain(line);
      expect(statSync(file).mode & 0o777).toBe(0o640);
      expect(backupsOf(file)).toHaveLength(1);
      expect(readFileSync(join(dirname(file), backupsOf(file)[0] ?? ""), "utf8")).toBe(fixtureOf(client));

      const second = await install(id, "--yes", "--env", "CODEX_REASONING_EFFORT=high");
      expect(second.stdout).toContain("Nothing was changed.");
      expect(readFileSync(file, "utf8")).toBe(written);
      expect(backupsOf(file)).toHaveLength(1);

      expect((await install(id, "--yes", "--uninstall")).exitCode).toBe(0);
      expect(readFileSync(file, "utf8")).toBe(fixtureOf(client));
      expect((await install(id, "--yes", "--uninstall")).stdout).toContain("Nothing was changed.");
    });

    test("gets a file if it has none", async () => {
      const fresh = { HOME: world.folder(`fresh-${id}`), XDG_CONFIG_HOME: undefined };
      const run = await runCli(world, ["install", id, "--yes", "--name", "helper"], fresh);
      expect(run.exitCode).toBe(0);
      const content = JSON.parse(readFileSync(client.file(fresh), "utf8")) as Record<string, object>;
      expect(content).toEqual({ [client.format.key]: { helper: { ...client.format.more, command: BINARY } } });
    });

    test("keeps a damaged file unchanged", async () => {
      const file = writeFixture(client);
      writeFileSync(file, '{\n  "oops": [\n');
      const { exitCode, stderr } = await install(id, "--yes");
      expect(exitCode).toBe(1);
      expect(stderr).toContain("client_file_unreadable");
      expect(readFileSync(file, "utf8")).toBe('{\n  "oops": [\n');
    });
  },
);

test("a symbolic link stays a symbolic link", async () => {
  const home = world.folder("dotfiles-home");
  mkdirSync(join(home, ".cursor"));
  const real = join(world.folder("dotfiles"), "mcp.json");
  writeFileSync(real, "{}\n");
  symlinkSync(real, join(home, ".cursor", "mcp.json"));
  await runCli(world, ["install", "cursor", "--yes"], { HOME: home });
  expect(lstatSync(join(home, ".cursor", "mcp.json")).isSymbolicLink()).toBe(true);
  expect(readFileSync(real, "utf8")).toContain(BINARY);
});

test("--print prints each client's entry and changes nothing", async () => {
  const home = world.folder("untouched");
  for (const { id } of CLIENTS) {
    const { exitCode, stdout } = await runCli(world, ["install", id, "--print", "-e", "A=1"], { HOME: home });
    expect(exitCode).toBe(0);
    expect(stdout).toContain(BINARY);
    expect(stdout).toContain("A");
  }
  expect(readdirSync(home)).toEqual([]);
});

test("it asks for confirmation, accepts no, and does not show the value of a key", async () => {
  const home = world.folder("asked");
  const command = [BINARY, "install", "cursor", "--env", "OPENAI_API_KEY=hidden-value"];
  const terminal = await Terminal.start(
    world,
    ["/bin/sh", "-c", `clear; exec "$@"`, "sh", ...command],
    { width: 120, height: 24 },
    { HOME: home },
  );
  await terminal.shows("Make this change? [y/N]");
  expect((await terminal.screen()).join("\n")).not.toContain("hidden-value");
  await terminal.press("n", "Enter");
  await terminal.shows("Nothing was changed.");
  await terminal.close();
  expect(existsSync(join(home, ".cursor", "mcp.json"))).toBe(false);
  const { exitCode, stderr } = await runCli(world, ["install", "cursor"], { HOME: home });
  expect(stderr).toContain("Cannot ask for confirmation: stdin is not a terminal.\nAdd --yes");
  expect(exitCode).toBe(64);
});

test("the entry names the link in PATH, so that an update takes effect", async () => {
  const bin = world.folder("bin");
  const link = join(bin, "codex-mcp-server");
  symlinkSync(BINARY, link);
  const { stdout } = await install("cursor", "--print");
  expect(stdout).toContain(`"command": "${link}"`);
});

describe("codex, with the real Codex CLI", () => {
  const withCodex = () => ({ PATH: PROJECT_BIN + delimiter + environment["PATH"] });
  const codex = (...args: string[]) => runCli(world, ["install", "codex", "--name", "helper", ...args], withCodex());

  test("its list shows the server; its settings and comments are kept", async () => {
    const file = join(world.codexHome, "config.toml");
    const before = readFileSync(file, "utf8") + FIXTURES["toml"];
    writeFileSync(file, before);
    expect((await codex("--yes", "--env", "CODEX_REASONING_EFFORT=high")).exitCode).toBe(0);
    expect(readFileSync(file, "utf8")).toStartWith(before);
    const list = await $`${join(PROJECT_BIN, "codex")} mcp list --json`.env(environment).quiet().json();
    expect(list).toContainEqual(
      expect.objectContaining({ name: "helper", transport: expect.objectContaining({ type: "stdio" }) as unknown }),
    );
    expect((await codex("--yes", "--env", "CODEX_REASONING_EFFORT=high")).stdout).toContain("Nothing was changed.");
    expect((await codex("--yes")).stdout).toContain("codex mcp remove, then codex mcp add");
    expect((await codex("--yes", "--uninstall")).exitCode).toBe(0);
    expect(readFileSync(file, "utf8")).toBe(before);
  });

  test("a failure leaves the file unchanged, and its message is shown", async () => {
    const broken = world.folder("broken-bin");
    const file = join(world.codexHome, "config.toml");
    writeFileSync(join(broken, "codex"), `#!/bin/sh\necho ruined > '${file}'\necho "no room" >&2\nexit 3\n`);
    chmodSync(join(broken, "codex"), 0o755);
    const before = readFileSync(file, "utf8");
    const run = await runCli(world, ["install", "codex", "--yes"], { PATH: `${broken}:${environment["PATH"]}` });
    expect(run.stderr).toContain("no room");
    expect(run.exitCode).toBe(1);
    expect(readFileSync(file, "utf8")).toBe(before);
  });

  test("a missing Codex CLI is reported", async () => {
    const { stderr } = await runCli(world, ["install", "codex", "--yes"], { PATH: "/usr/bin:/bin" });
    expect(stderr).toContain("client_missing");
  });
});

describe.skipIf(CLAUDE === undefined)("claude-code, by the real Claude Code", () => {
  test("its list shows the server, connected", async () => {
    const home = world.folder("claude-home");
    const more = { HOME: home, PATH: dirname(CLAUDE ?? "") + delimiter + environment["PATH"] };
    const claude = (...args: string[]) => runCli(world, ["install", "claude-code", "--yes", ...args], more);
    expect((await claude("--env", "CODEX_REASONING_EFFORT=high")).exitCode).toBe(0);
    const list = () =>
      $`${CLAUDE} mcp list`
        .cwd(home)
        .env({ ...environment, ...more })
        .quiet()
        .nothrow()
        .text();
    expect(await list()).toMatch(/codex: .* ✔ Connected/);
    expect((await claude("--env", "CODEX_REASONING_EFFORT=high")).stdout).toContain("Nothing was changed.");
    expect((await claude("--uninstall")).exitCode).toBe(0);
    expect(await list()).not.toContain("codex:");
  }, 120_000);
});
