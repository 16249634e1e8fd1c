import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isCodexFrom } from "../support/codex-version.ts";
import { profileServersTest } from "../support/newer-codex.ts";
import { BINARY, World } from "../support/world.ts";

let world: World;
let repo: string;
let started: string;

beforeAll(async () => {
  world = new World();
  repo = await world.repository();
  started = join(world.root, "started");
  world.stub.script("SAY-HELLO", [{ say: "hello" }]);
});
afterAll(() => world.close());

/** A program that notes that it was started, and is then this server. */
function wrapper(name: string): string {
  const path = join(world.root, "bin", name);
  writeFileSync(path, `#!/bin/sh\necho ${name} >> '${started}'\nexec '${BINARY}'\n`);
  chmodSync(path, 0o755);
  return path;
}

function configure(file: string, name: string, command: string): void {
  mkdirSync(join(file, ".."), { recursive: true });
  appendFileSync(file, `\n[mcp_servers.${name}]\ncommand = "${command}"\ndefault_tools_approval_mode = "approve"\n`);
}

/** The servers that Codex started for a task. */
async function serversOf(topic: string, environment: Record<string, string>, more: object = {}): Promise<string[]> {
  rmSync(started, { force: true });
  const client = await world.client(environment);
  const answer = await client.call("codex", {
    prompt: "SAY-HELLO",
    cwd: repo,
    topic,
    sandbox: "read-only",
    ...more,
  });
  expect(answer.data).toMatchObject({ success: true, result: "hello" });
  return existsSync(started) ? readFileSync(started, "utf8").trim().split("\n").toSorted() : [];
}

describe("a Codex that is configured with this server, and with others", () => {
  beforeAll(() => {
    const config = join(world.codexHome, "config.toml");
    configure(config, "tasks", wrapper("codex-mcp-server"));
    // Earlier versions refuse a dot in the name.
    configure(config, isCodexFrom("0.134.0") ? '"with.dot"' : "with-dot", wrapper("with-dot"));
    // Only the program counts, not what its arguments say.
    appendFileSync(config, 'args = ["--notes", "codex-mcp-server-notes"]\n');
    configure(join(world.codexHome, "fast.config.toml"), "profiles", wrapper("of-profile"));
    configure(join(repo, ".codex", "config.toml"), "projects", wrapper("of-project"));
    appendFileSync(config, `\n[mcp_servers.remote]\nurl = "http://127.0.0.1:9/mcp"\nenabled = false\n`);
  });

  test("starts without this server", async () => {
    expect(await serversOf("review-own_entry-v1", {})).toEqual(["with-dot"]);
  });

  test("starts with it where tasks of tasks are wanted", async () => {
    expect(await serversOf("review-nested_wanted-v1", { CODEXMCP_NESTED: "1" })).toEqual([
      "codex-mcp-server",
      "with-dot",
    ]);
  });

  profileServersTest("starts without any, by a switch, whichever file names them, trusted project or not", async () => {
    const without = { CODEXMCP_WITHOUT_MCP_SERVERS: "1" };
    expect(await serversOf("review-none-v1", without, { profile: "fast" })).toEqual([]);
    appendFileSync(join(world.codexHome, "config.toml"), `\n[projects."${repo}"]\ntrust_level = "trusted"\n`);
    expect(await serversOf("review-all-v1", {}, { profile: "fast" })).toEqual(["of-profile", "of-project", "with-dot"]);
    expect(await serversOf("review-none_trusted-v1", without, { profile: "fast" })).toEqual([]);
    expect(await serversOf("review-none_resumed-v1", { ...without, CODEXMCP_NESTED: "1" })).toEqual([]);
  });
});

describe("this server under another name, within a task", () => {
  const nested = (topic: string) => ({ prompt: "SAY-HELLO", cwd: repo, topic, sandbox: "read-only" });
  const delegate = (marker: string, topic: string) =>
    world.stub.script(marker, [
      { server: "delegate", tool: "codex", args: nested(topic) },
      { server: "delegate", tool: "codex_status", args: { task_id: `codex-${topic}` } },
      { say: "asked" },
    ]);

  beforeAll(() => configure(join(world.codexHome, "config.toml"), "delegate", wrapper("delegate")));

  test("starts no task and says why; it answers other calls", async () => {
    delegate("DELEGATE-REFUSED", "review-inner-v1");
    const client = await world.client();
    const before = world.stub.toolOutputs.length;
    const args = { prompt: "DELEGATE-REFUSED", cwd: repo, topic: "review-outer-v1", sandbox: "read-only" };
    expect((await client.call("codex", args)).data).toMatchObject({ success: true, result: "asked" });
    const [refusal, look] = world.stub.toolOutputs.slice(before);
    expect(refusal).toContain("nested_task");
    expect(refusal).toContain("Do the work yourself");
    expect(look).toContain("unknown_task");
  });

  test("does so in a full-access task too, whose environment it cannot see", async () => {
    delegate("DELEGATE-FULL", "review-inner_full-v1");
    const client = await world.client();
    const before = world.stub.toolOutputs.length;
    const args = { prompt: "DELEGATE-FULL", cwd: repo, topic: "implement-outer-v1", sandbox: "full-access" };
    expect((await client.call("codex", args)).data).toMatchObject({ success: true });
    expect(world.stub.toolOutputs[before]).toContain("nested_task");
  });
});
