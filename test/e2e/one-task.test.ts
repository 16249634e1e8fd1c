import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { runCli } from "../support/command-line.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { Terminal } from "../support/terminal.ts";
import { BINARY, World } from "../support/world.ts";

let world: World;
let client: McpClient;
let cwd: string;

beforeAll(async () => {
  world = new World();
  world.stub.script("HELLO", [{ run: "echo in-the-log" }, { say: "I found nothing." }]);
  world.stub.script("REFUSED", [{ httpStatus: 401 }]);
  world.stub.script("SLOW", [{ say: "First." }, { run: "sleep 1" }, { say: "Second." }]);
  client = await world.client();
  cwd = await world.repository();
  await start("codex", "HELLO", "review-hello-v1");
  await start("codex", "REFUSED", "review-refused-v1");
});
afterAll(() => world.close());

const cli = (...args: string[]) => runCli(world, args);

function start(tool: "codex" | "codex_dispatch", prompt: string, topic: string, sandbox = "read-only") {
  return client.call(tool, { prompt, cwd, topic, sandbox });
}

/** Replaces times of day and durations, which differ from run to run. */
function withoutTimes(text: string): string {
  return text.replaceAll(/^\d\d:\d\d:\d\d /gm, "TIME ").replaceAll(/after \d+s/g, "after Ns");
}

describe("one task", () => {
  test("show finds it by id, topic or a prefix of either", async () => {
    for (const name of ["codex-review-hello-v1", "review-hello-v1", "review-he", "codex-review-he"]) {
      const { stdout } = await cli("show", name);
      expect(stdout).toStartWith("codex-review-hello-v1  ✓ completed");
      expect(stdout).toContain("Result\nI found nothing.");
    }
    expect((await cli("show", "review-refused-v1")).stdout).toContain("[not_logged_in, exit status 1]");
    expect(JSON.parse((await cli("show", "review-hello-v1", "--json")).stdout)).toMatchObject({ status: "completed" });
  });

  test("an unknown or ambiguous name is refused, and the candidates are listed", async () => {
    const unknown = await cli("show", "implement");
    expect(unknown.stderr).toContain("codex-review-refused-v1, codex-review-hello-v1");
    expect((await cli("cancel", "review")).stderr).toContain('More than one task begins with "review"');
    expect(unknown.exitCode).toBe(1);
  });

  test("logs prints readable lines, raw lines, the last lines, or an earlier run", async () => {
    expect(withoutTimes((await cli("logs", "review-hello-v1")).stdout)).toEndWith(
      "TIME $ echo in-the-log\nTIME   ok: in-the-log\nTIME ● I found nothing.\n\ncompleted after Ns\n",
    );
    const raw = (await cli("logs", "--raw", "-n", "1", "review-hello-v1")).stdout;
    expect(JSON.parse(raw)).toMatchObject({ type: "turn.completed" });
    await start("codex", "SLOW", "review-twice-v1");
    await start("codex", "HELLO", "review-twice-v1");
    expect((await cli("logs", "review-twice-v1")).stdout).toContain("I found nothing.");
    const earlier = (await cli("logs", "--run", "1", "review-twice-v1")).stdout;
    expect(withoutTimes(earlier)).toEndWith("TIME ● Second.\n\ncompleted after Ns\n");
    expect((await cli("logs", "--run", "7", "review-twice-v1")).stderr).toContain("Use a number from 1 to 2.");
  });

  test("logs --full prints the whole output of commands; show has prompt, client, model and local times", async () => {
    world.stub.script("LINES", [{ run: "seq 1 5; exit 3" }, { say: "Counted." }]);
    await client.call("codex", {
      prompt: "LINES\nsecond line of the prompt",
      cwd,
      topic: "review-lines-v1",
      sandbox: "read-only",
      model: "gpt-5-codex",
    });
    expect((await cli("logs", "review-lines-v1")).stdout).toMatch(/ {3}exit 3: 5\n/);
    expect((await cli("logs", "--full", "review-lines-v1")).stdout).toMatch(/ {3}exit 3\n +1\n +2\n +3\n +4\n +5\n/);
    const { stdout } = await cli("show", "review-lines-v1");
    expect(stdout).toContain("\nPrompt\nLINES\nsecond line of the prompt\n");
    expect(stdout).toMatch(/^client +\S/m);
    expect(stdout).toMatch(/^settings +model gpt-5-codex$/m);
    expect(stdout).toMatch(/^started +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \(run 1, blocking\)$/m);
    expect(stdout).toMatch(/^ended +\d{4}-/m);
  });

  test("logs --follow -n prints the last lines, then follows", async () => {
    world.stub.script("STEPS", [
      { say: "One." },
      { run: "sleep 0.5" },
      { say: "Two." },
      { run: "sleep 2" },
      { say: "Three." },
    ]);
    await start("codex_dispatch", "STEPS", "review-steps-v1");
    const latest = async () => (await cli("logs", "review-steps-v1")).stdout;
    await world.until(async () => (await latest()).includes("$ sleep 2"));
    const { stdout } = await cli("logs", "-f", "-n", "1", "review-steps-v1");
    expect(withoutTimes(stdout)).toBe("TIME $ sleep 2\nTIME   ok\nTIME ● Three.\n\ncompleted after Ns\n");
  });

  test("logs --follow prints new events until the task ends", async () => {
    await start("codex_dispatch", "SLOW", "review-slow-v1");
    const { stdout } = await cli("logs", "-f", "review-slow-v1");
    expect(withoutTimes(stdout)).toEndWith(
      "TIME ● First.\nTIME $ sleep 1\nTIME   ok\nTIME ● Second.\n\ncompleted after Ns\n",
    );
  });

  test("attach says why there is no session", async () => {
    const terminal = await Terminal.start(world, [BINARY, "attach", "review-hello-v1"], { width: 120, height: 10 });
    await terminal.shows("it has ended (completed)");
    await terminal.shows("show codex-review-hello-v1");
    await terminal.shows("[exit 64]");
    await terminal.close();
  });
});
