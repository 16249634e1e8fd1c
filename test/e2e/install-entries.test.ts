// Entries and files of clients that `install` finds: what it merges, what it leaves alone, and what it refuses.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { $ } from "bun";
import { CLIENTS } from "#install/clients/client-table.ts";
import { MCP_SERVERS } from "#install/clients/shapes.ts";
import { readServers } from "#install/client-file.ts";
import { backupsOf, writeFile } from "../support/client-files.ts";
import { runCli } from "../support/command-line.ts";
import { BINARY, CODEX, World } from "../support/world.ts";

let world: World;
let environment: Record<string, string>;

beforeAll(() => {
  world = new World();
  environment = world.environment();
});
afterAll(() => world.close());

describe("an entry that exists", () => {
  const home = () => world.folder(`home-${crypto.randomUUID()}`);
  const run = (own: string, ...args: string[]) =>
    runCli(world, ["install", ...args], { HOME: own, CODEX_HOME: undefined, XDG_CONFIG_HOME: undefined });

  test("keeps its timeouts, variables and comments; what goes is shown", async () => {
    const own = home();
    const before =
      '[mcp_servers.codex] # mine\ncommand = "/old/codex-mcp-server"\nargs = ["serve"]\nstartup_timeout_sec = 20 # slow disk\ntool_timeout_sec = 1800\n\n[mcp_servers.codex.env]\nCODEX_REASONING_EFFORT = "low"\nPROXY = "http://x" # office\n\n[tui]\ntheme = "dark"\n';
    const file = writeFile(join(own, ".codex", "config.toml"), before);
    const { stdout } = await run(own, "codex", "--yes", "-e", "CODEX_REASONING_EFFORT=high");
    const expected = before
      .replace("/old/codex-mcp-server", BINARY)
      .replace('args = ["serve"]\n', "")
      .replace('"low"', '"high"');
    expect(readFileSync(file, "utf8")).toBe(expected);
    expect(stdout).toContain('-     "serve"');
    expect(stdout).toContain('    "tool_timeout_sec": 1800');
  });

  test.each([
    [
      "codex",
      ".codex/config.toml",
      '[mcp_servers."codex-cli"]\ncommand = "codex"\nargs = ["mcp-server"]\ntool_timeout_sec = 600\nenv = { A = "1" }\n',
    ],
    [
      "cursor",
      ".cursor/mcp.json",
      '{"mcpServers": {"codex-cli": {"command": "npx", "args": ["-y", "@openai/codex", "mcp-server"], "tool_timeout_sec": 600, "env": {"A": "1"}}}}',
    ],
    [
      "zed",
      ".config/zed/settings.json",
      '{"context_servers": {"codex-cli": {"command": "codex.cmd", "args": ["-c", "model=o3", "mcp-server"], "tool_timeout_sec": 600, "env": {"A": "1"}}}}',
    ],
  ])("of %s that starts Codex's removed server is found and changed under its name", async (id, path, text) => {
    const own = home();
    const file = writeFile(join(own, path), text);
    const doctor = await runCli(world, ["doctor"], { HOME: own, CODEX_HOME: undefined, XDG_CONFIG_HOME: undefined });
    expect(doctor.stdout).toContain("starts `codex mcp-server`, which Codex 0.154 removed.");
    expect(doctor.stdout).toContain(`codex-mcp-server install ${id} --name 'codex-cli'`);
    const { exitCode, stdout } = await run(own, id, "--yes");
    expect(exitCode).toBe(0);
    expect(stdout).toContain("starts Codex's own server");
    const client = CLIENTS.find((candidate) => candidate.id === id);
    const servers = readServers(readFileSync(file, "utf8"), client?.format ?? MCP_SERVERS, file);
    expect([...servers.keys()]).toEqual(["codex-cli"]);
    expect(servers.get("codex-cli")).toMatchObject({ command: BINARY, tool_timeout_sec: 600, env: { A: "1" } });
    expect(servers.get("codex-cli")?.["args"] ?? []).toEqual([]);
  });

  test("of another program is left alone without --force", async () => {
    const own = home();
    const text =
      '{"mcpServers": {"codex": {"command": "my-server", "args": ["--for", "codex-mcp-server"], "cwd": "/x"}}}\n';
    const file = writeFile(join(own, ".cursor", "mcp.json"), text);
    for (const more of [[], ["--uninstall"]]) {
      // The name is given: without it, an entry of ours would be looked for.
      const refused = await run(own, "cursor", "--yes", "--name", "codex", ...more);
      expect(refused.exitCode).toBe(1);
      expect(refused.stderr).toContain("client_entry_taken");
      expect(readFileSync(file, "utf8")).toBe(text);
    }
    const doctor = await runCli(world, ["doctor"], { HOME: own });
    expect(doctor.stdout).toContain("No MCP client that this program knows has an entry for it.");
    const { stdout } = await run(own, "cursor", "--yes", "--force");
    expect(stdout).toContain('-   "cwd": "/x"');
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({ mcpServers: { codex: { command: BINARY } } });
  });

  test.each([
    ['[mcp_servers."codex"] # quoted\ncommand = "/old/codex-mcp-server"\n'],
    ['[ mcp_servers . codex ]\ncommand = "/old/codex-mcp-server"\n'],
    ['mcp_servers.codex.command = "/old/codex-mcp-server" # dotted\nmodel = "x"\n'],
    ['[mcp_servers]\ncodex = { command = "/old/codex-mcp-server", tool_timeout_sec = 5 } # inline\n'],
    ['mcp_servers = { codex = { command = "/old/codex-mcp-server" }, b = { command = "b" } }\n'],
    ['[mcp_servers]\ncodex.command = "/old/codex-mcp-server"\ncodex.enabled = true\n'],
  ])("written as %j is changed where it stands, and Codex reads the file", async (text) => {
    const own = home();
    const file = writeFile(join(own, ".codex", "config.toml"), text);
    expect((await run(own, "codex", "--yes")).exitCode).toBe(0);
    expect(readFileSync(file, "utf8")).toBe(text.replace("/old/codex-mcp-server", BINARY));
    const list = await $`${CODEX} mcp list --json`
      .env({ ...environment, HOME: own, CODEX_HOME: dirname(file) })
      .quiet()
      .json();
    expect(list).toContainEqual(expect.objectContaining({ name: "codex" }));
  });
});

describe("a file that cannot be edited", () => {
  test.each([
    ["a list", "[]\n", "is not an object with mcpServers"],
    ["a list of servers", '{"mcpServers": []}\n', "has a mcpServers that is not a table of servers"],
    ["two lists of servers", '{"mcpServers": {}, "mcpServers": {"a": {}}}\n', 'has the property "mcpServers" twice'],
    ["no JSON", "{", "is not valid JSON"],
  ])("because it is %s is refused with the cause", async (_, text, cause) => {
    const home = world.folder(`refused-${crypto.randomUUID()}`);
    const file = writeFile(join(home, ".cursor", "mcp.json"), text);
    const { exitCode, stderr } = await runCli(world, ["install", "cursor", "--yes"], { HOME: home });
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`The client's file ${file} ${cause}`);
    expect(readFileSync(file, "utf8")).toBe(text);
    expect(backupsOf(file)).toEqual([]);
  });

  test.each([
    [
      "a loop of links",
      "client_file_unreadable",
      "is a loop of links",
      (file: string) => symlinkSync(basename(file), file),
    ],
    ["a folder", "client_file_unreadable", "is a folder, not a file", (file: string) => mkdirSync(file)],
    [
      "not text",
      "client_file_unreadable",
      "is not UTF-8 text",
      (file: string) => writeFileSync(file, Buffer.from([0x7b, 0xff, 0x7d])),
    ],
    [
      "read-only",
      "client_file_unwritable",
      "is read-only",
      (file: string) => writeFileSync(file, "{}\n", { mode: 0o444 }),
    ],
  ] as const)("because it is %s is named", async (_, code, cause, make) => {
    const home = world.folder(`refused-${crypto.randomUUID()}`);
    const file = join(home, ".cursor", "mcp.json");
    mkdirSync(dirname(file));
    make(file);
    const { exitCode, stderr } = await runCli(world, ["install", "cursor", "--yes"], { HOME: home });
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`The client's file ${file} ${cause}`);
    expect(stderr).toContain(`[${code}]`);
    expect(readdirSync(dirname(file))).toEqual([basename(file)]);
    const doctor = await runCli(world, ["doctor"], { HOME: home });
    if (code === "client_file_unreadable") expect(doctor.stdout).toContain(`The client's file ${file} ${cause}`);
  });

  test("because its folder is a file is named", async () => {
    const home = world.folder(`refused-${crypto.randomUUID()}`);
    writeFileSync(join(home, ".cursor"), "");
    const { stderr } = await runCli(world, ["install", "cursor", "--yes"], { HOME: home });
    expect(stderr).toContain(`The client's file ${join(home, ".cursor", "mcp.json")} cannot be written`);
  });
});

test("a comma at the beginning of a line, comments, a byte order mark and Windows line ends are kept", async () => {
  const home = world.folder("odd-layout");
  const text =
    '\uFEFF{\r\n  "mcpServers": {\r\n    "a": {"command": "a"} // first\r\n    , "codex": {"command": "/old/codex-mcp-server"} // mine\r\n    , "b": {}\r\n  }\r\n}\r\n';
  const file = writeFile(join(home, ".cursor", "mcp.json"), text);
  expect((await runCli(world, ["install", "cursor", "--yes"], { HOME: home })).exitCode).toBe(0);
  expect(readFileSync(file, "utf8")).toBe(text.replace("/old/codex-mcp-server", BINARY));
  expect((await runCli(world, ["install", "cursor", "--yes", "--uninstall"], { HOME: home })).exitCode).toBe(0);
  const left = readFileSync(file, "utf8");
  expect(left).toStartWith("\uFEFF{\r\n");
  for (const comment of ["// first", "// mine"]) expect(left).toContain(comment);
  expect(readServers(left, MCP_SERVERS, file)).toEqual(
    new Map([
      ["a", { command: "a" }],
      ["b", {}],
    ]),
  );
});

test("backups of one second have different names", async () => {
  const home = world.folder("backups");
  const file = writeFile(join(home, ".cursor", "mcp.json"), "{}\n");
  for (const value of ["1", "2", "3", "4"]) {
    await runCli(world, ["install", "cursor", "--yes", "-e", `A=${value}`], { HOME: home });
  }
  const texts = backupsOf(file).map((name) => readFileSync(join(dirname(file), name), "utf8"));
  expect(texts).toHaveLength(4);
  expect(new Set(texts).size).toBe(4);
});

test("of several commands at once, each that says it is done has its entry in the file", async () => {
  const home = world.folder("at-once");
  const file = writeFile(join(home, ".cursor", "mcp.json"), "{}\n");
  const names = Array.from({ length: 24 }, (_, index) => `server${index}`);
  const runs = await Promise.all(
    names.map(async (name) => runCli(world, ["install", "cursor", "--yes", "--name", name], { HOME: home })),
  );
  const done = names.filter((_, index) => runs[index]?.exitCode === 0);
  expect([...readServers(readFileSync(file, "utf8"), MCP_SERVERS, file).keys()].toSorted()).toEqual(done.toSorted());
  for (const { stderr } of runs.filter(({ exitCode }) => exitCode !== 0)) {
    expect(stderr).toMatch(
      /changed by another (?:program|command)[^]*Run the command again\. \[client_file_unwritable\]/,
    );
  }
});
