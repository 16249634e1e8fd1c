import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { McpClient } from "#install/clients/client.ts";
import { CLIENTS } from "#install/clients/client-table.ts";
import { readServers } from "#install/client-file.ts";
import { toFields } from "#install/server-entry.ts";
import { backupsOf, writeFile } from "../support/client-files.ts";
import { runCli } from "../support/command-line.ts";
import { Terminal } from "../support/terminal.ts";
import { BINARY, World } from "../support/world.ts";

const FIXTURES: Record<string, string> = {
  json: '{\n  // mine\n  "theme": "dark",\n  "KEY": {\n    "other": { "command": "other-server", "args": ["-x"] }, // keep\n  },\n}\n',
  toml: '# mine\nmodel = "gpt-5" # the best\n\n[mcp_servers.other] # keep\ncommand = "other-server"\n',
  yaml: "# mine\nmodel: gpt-5 # the best\nextensions:\n  other: # keep\n    cmd: 'other-server'\n    args: [-x]\n\n# end\n",
};

let world: World;
let environment: Record<string, string>;

beforeAll(() => {
  world = new World();
  environment = world.environment();
});
afterAll(() => world.close());

const install = (...args: string[]) => runCli(world, ["install", ...args]);

function fileOf(client: McpClient, home = world.home, more: Record<string, string> = environment): string {
  return client.userFiles({ platform: process.platform, home, environment: more })[0];
}

function fixtureOf({ format }: McpClient): string {
  return (FIXTURES[format.language] ?? "").replace("KEY", format.key);
}

describe.each(CLIENTS.map((client) => [client.id, client] as const))("%s", (id, client) => {
  test("gets the entry once, keeps the others, and loses it again", async () => {
    const file = writeFile(fileOf(client), fixtureOf(client));
    const first = await install(id, "--yes", "--env", "CODEX_REASONING_EFFORT=high");
    expect(first.exitCode).toBe(0);
    expect(first.stdout).toMatch(new RegExp(`^\\+ .*"${BINARY}"`, "m"));
    const written = readFileSync(file, "utf8");
    for (const line of fixtureOf(client).split("\n")) expect(written).toContain(line);
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(backupsOf(file)).toHaveLength(1);
    expect(readFileSync(join(dirname(file), backupsOf(file)[0] ?? ""), "utf8")).toBe(fixtureOf(client));

    const second = await install(id, "--yes");
    expect(second.stdout).toContain("Nothing was changed.");
    expect(readFileSync(file, "utf8")).toBe(written);
    expect(backupsOf(file)).toHaveLength(1);

    expect((await install(id, "--yes", "--uninstall")).exitCode).toBe(0);
    expect(readFileSync(file, "utf8")).toBe(fixtureOf(client));
    expect((await install(id, "--yes", "--uninstall")).stdout).toContain("Nothing was changed.");
  });

  test("gets a file if it has none, and loses it again", async () => {
    const fresh = { HOME: world.folder(`fresh-${id}`), XDG_CONFIG_HOME: undefined, CODEX_HOME: undefined };
    const run = await runCli(world, ["install", id, "--yes", "--name", "helper"], fresh);
    expect(run.exitCode).toBe(0);
    const file = fileOf(client, fresh.HOME, {});
    const servers = readServers(readFileSync(file, "utf8"), client.format, file);
    const entry = toFields("helper", { command: BINARY, args: [], env: {} }, client.format.shape);
    expect([...servers]).toEqual([["helper", entry]]);
    await runCli(world, ["install", id, "--yes", "--uninstall"], fresh);
    expect(existsSync(file)).toBe(false);
  });

  test("keeps a damaged file unchanged", async () => {
    const damaged = '{\n  "oops": [\n';
    const file = writeFile(fileOf(client), damaged);
    const { exitCode, stderr } = await install(id, "--yes");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("client_file_unreadable");
    expect(stderr).toContain(file);
    expect(readFileSync(file, "utf8")).toBe(damaged);
    writeFileSync(file, fixtureOf(client));
  });
});

test("a link to a file that does not exist yet stays a link", async () => {
  const home = world.folder("dangling");
  mkdirSync(join(home, ".cursor"));
  symlinkSync("../dotfiles/mcp.json", join(home, ".cursor", "mcp.json"));
  await runCli(world, ["install", "cursor", "--yes"], { HOME: home });
  expect(lstatSync(join(home, ".cursor", "mcp.json")).isSymbolicLink()).toBe(true);
  expect(readFileSync(join(home, "dotfiles", "mcp.json"), "utf8")).toContain(BINARY);
});

test("--project writes the project's file, with the program's name", async () => {
  const project = world.folder("project");
  const bin = world.folder("project-bin");
  symlinkSync(BINARY, join(bin, "codex-mcp-server"));
  const run = (...args: string[]) =>
    runCli(world, ["install", ...args, "--project", "--yes"], { PATH: `${bin}:${environment["PATH"]}` }, project);
  expect((await run("claude-code")).exitCode).toBe(0);
  const expected = { mcpServers: { codex: { command: "codex-mcp-server" } } };
  expect(JSON.parse(readFileSync(join(project, ".mcp.json"), "utf8"))).toEqual(expected);
  expect((await run("claude-code")).stdout).toContain("Nothing was changed.");
  const refused = await run("claude-desktop");
  expect(refused.exitCode).toBe(64);
  expect(refused.stderr).toContain("Claude Desktop has no file for the servers of a project.");
});

test("without a client, those that are installed are listed", async () => {
  const home = world.folder("some-clients");
  const bin = world.folder("client-bin");
  writeFileSync(join(bin, "goose"), "#!/bin/sh\n", { mode: 0o755 });
  writeFile(join(home, ".cursor", "mcp.json"), `{"mcpServers": {"mine": {"command": "${BINARY}"}}}`);
  writeFile(join(home, ".codex", "config.toml"), '[mcp_servers.old]\ncommand = "codex"\nargs = ["mcp-server"]\n');
  const more = { HOME: home, PATH: `${bin}:/usr/bin:/bin`, CODEX_HOME: undefined, XDG_CONFIG_HOME: undefined };
  const { exitCode, stdout } = await runCli(world, ["install"], more);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/1 {2}cursor +Cursor +\S+ +mine\n/);
  expect(stdout).toMatch(/2 {2}codex +Codex +\S+ +old \(codex mcp-server, removed\)\n/);
  expect(stdout).toMatch(/3 {2}goose +Goose +\S+ +-\n/);
  expect(stdout).toMatch(/Not found: claude-code, .*lm-studio\./);
});

test("on a terminal, without a client, those that are installed are offered", async () => {
  const home = world.folder("offered");
  writeFile(join(home, ".cursor", "mcp.json"), "{}");
  writeFile(join(home, ".kiro", "settings", "mcp.json"), "{}");
  const command = ["/bin/sh", "-c", `clear; exec "$@"`, "sh", BINARY, "install"];
  const terminal = await Terminal.start(
    world,
    command,
    { width: 100, height: 40 },
    { HOME: home, PATH: "/usr/bin:/bin" },
  );
  await terminal.shows("Clients to set up (numbers or names, nothing for none):");
  await terminal.type("kiro");
  await terminal.press("Enter");
  await terminal.shows("Make this change? [y/N]");
  await terminal.press("y", "Enter");
  await terminal.shows("Done.");
  await terminal.close();
  expect(readFileSync(join(home, ".cursor", "mcp.json"), "utf8")).toBe("{}");
  expect(readFileSync(join(home, ".kiro", "settings", "mcp.json"), "utf8")).toContain(BINARY);
});

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

test("--print prints each client's entry as in its example, and changes nothing", async () => {
  const home = world.folder("untouched");
  const examples = join(import.meta.dir, "..", "..", "examples", "clients");
  for (const { id, format } of CLIENTS) {
    const { exitCode, stdout } = await runCli(world, ["install", id, "--print"], { HOME: home });
    expect(exitCode).toBe(0);
    const [title, ...lines] = stdout.split("\n");
    expect(title).toMatch(/^(?:#|\/\/) .+: \S/);
    const example = readFileSync(join(examples, `${id}.${format.language}`), "utf8");
    expect(lines.join("\n")).toBe(example.replaceAll("/home/you/.local/bin/codex-mcp-server", BINARY));
  }
  expect(readdirSync(home)).toEqual([]);
  expect(readdirSync(examples)).toHaveLength(CLIENTS.length);
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
