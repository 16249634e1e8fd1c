import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { runCli } from "../support/command-line.ts";
import { BINARY, World } from "../support/world.ts";

let world: World;
let cwd: string;

beforeAll(async () => {
  world = new World();
  cwd = await world.repository();
  world.stub.script("HELLO", [{ say: "Hello." }]);
});
afterAll(() => world.close());

const cli = (...args: string[]) => runCli(world, args, {}, cwd);

async function runInShell(line: string) {
  const shell = Bun.spawn(["sh", "-c", line], {
    cwd,
    env: world.environment({ B: BINARY }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [exitCode, stderr] = await Promise.all([shell.exited, shell.stderr.text()]);
  return { exitCode, stderr };
}

test("names stdin that cannot be read, and stdout that cannot be written", async () => {
  const folder = await runInShell('"$B" run - < /');
  expect(folder.stderr).toBe(
    "codex-mcp-server: The prompt cannot be read from stdin: EISDIR.\nPass a file or a pipe as stdin. [invalid_prompt]\n",
  );
  if (!existsSync("/dev/full")) return console.warn("SKIPPED: a full disk, for which there is no /dev/full");
  const full = await runInShell('"$B" run --quiet HELLO > /dev/full');
  expect(full.stderr).toContain("The output cannot be written to stdout: ENOSPC.\n");
  expect(full.exitCode).toBe(1);
});

test.each([
  [["resume", "", "HELLO"]],
  [["run", "--resume", "", "HELLO"]],
  [["run", "--cwd", "", "HELLO"]],
  [["run", "--topic=", "HELLO"]],
])("refuses an empty word, as from a variable that is not set: %j", async (args) => {
  const before = (await cli("tasks", "--json")).stdout;
  const { exitCode, stderr } = await cli(...args);
  expect(stderr).toContain("is empty.");
  expect(exitCode).toBe(64);
  expect((await cli("tasks", "--json")).stdout).toBe(before);
});
