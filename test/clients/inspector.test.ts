// MCP Inspector's command line, in both eras.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { findClient } from "../support/real-clients.ts";
import { BINARY, World } from "../support/world.ts";

const INSPECTOR = findClient("inspector");

describe.skipIf(INSPECTOR === undefined).each(["legacy", "modern"])("the Inspector, %s", (era) => {
  let world: World;
  let repo: string;

  beforeAll(async () => {
    world = new World();
    repo = await world.repository();
    world.stub.script("QUICK", [{ say: "Done." }]);
  });
  afterAll(() => world.close());

  async function inspect(...args: string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
    // It hands on to servers only what it is told to.
    const variables = Object.entries(world.environment()).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
    const command = [INSPECTOR ?? "", "--cli", BINARY, ...variables, "--protocol-era", era, ...args];
    const run = Bun.spawn(command, { cwd: world.root, env: world.environment(), stdio: ["ignore", "pipe", "pipe"] });
    const [stdout, stderr] = await Promise.all([run.stdout.text(), run.stderr.text()]);
    return { exitCode: await run.exited, stdout, stderr };
  }

  test("--strict finds nothing to say about the tools", async () => {
    const { exitCode, stdout, stderr } = await inspect("--method", "tools/list", "--strict");
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    const { tools } = JSON.parse(stdout) as { tools: { name: string }[] };
    expect(tools.map(({ name }) => name)).toContain("codex");
  });

  test("lists, reads, fills in and calls", async () => {
    const topic = `review-inspected_${era}-v1`;
    const args = JSON.stringify({ prompt: "QUICK", cwd: repo, topic, sandbox: "read-only" });
    const call = await inspect("--method", "tools/call", "--tool-name", "codex", "--tool-args-json", args);
    expect(call.exitCode).toBe(0);
    expect(JSON.parse(call.stdout)).toMatchObject({ structuredContent: { success: true, result: "Done." } });
    const uri = `codex://tasks/codex-${topic}/result`;
    const read = await inspect("--method", "resources/read", "--uri", uri);
    expect(JSON.parse(read.stdout)).toMatchObject({ contents: [{ uri, text: "Done." }] });
    const prompt = await inspect("--method", "prompts/get", "--prompt-name", "review", "--prompt-args", "scope=src");
    expect(prompt.stdout).toContain("review-work-v1");
  }, 60_000);

  test("a refusal is a tool's error to it", async () => {
    const call = ["--method", "tools/call", "--tool-name", "codex_status", "--tool-arg", "task_id=codex-none-v1"];
    const { exitCode, stdout } = await inspect(...call);
    expect(exitCode).toBe(5);
    expect(stdout).toContain("unknown_task");
  });
});
