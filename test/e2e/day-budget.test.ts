// The tokens of a day, which all servers of a state folder share.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TESTED_ENGINES } from "../support/engines.ts";
import { runCli } from "../support/command-line.ts";
import { TOKENS_PER_ANSWER } from "../support/model-stub.ts";
import { TaskWorld } from "../support/task-world.ts";
import { endDay, zoneAtNoon } from "../support/token-use.ts";

let world: TaskWorld;
let cwd: string;

beforeEach(async () => {
  world = new TaskWorld();
  cwd = await world.repository();
});
afterEach(() => world.close());

const ANSWER = TOKENS_PER_ANSWER.input + TOKENS_PER_ANSWER.output;
const USED = expect.stringMatching(/^(?:360|480) of today's 360 tokens are used \(CODEXMCP_TOKENS_PER_DAY\)\.$/);
const logOf = (taskId: string) => readFileSync(join(world.folderOf(taskId), "codex-exec.log"), "utf8");

test.each([...TESTED_ENGINES])(
  "two servers share it: with %s, tasks end, wait no longer, or are refused",
  async (engine) => {
    const settings = {
      CODEXMCP_ENGINE: engine,
      CODEXMCP_TOKENS_PER_DAY: String(3 * ANSWER),
      CODEXMCP_MAX_CONCURRENT: "2",
      TZ: zoneAtNoon(),
    };
    const [one, two] = [await world.client(settings), await world.client(settings)];
    const go = join(world.root, "go");
    const held = Promise.withResolvers<void>();
    world.stub.script("IN-FLIGHT", [
      { run: "echo first" },
      { run: `until [ -e ${go} ]; do sleep 0.05; done; echo in-flight-done`, yieldMs: 60_000 },
      { until: () => held.promise },
      { run: "echo third" },
      { say: "All done." },
    ]);
    world.stub.script("USES-IT-UP", [{ run: "echo one" }, { say: "Used." }]);
    const ask = async (client: typeof one, task_id: unknown) => (await client.call("codex_status", { task_id })).data;

    const running = String((await one.call("codex_dispatch", { prompt: "IN-FLIGHT", cwd })).data["task_id"]);
    await world.until(() => /"item.started"[^\n]*in-flight-done/.test(logOf(running)));
    const blocked = Promise.withResolvers<void>();
    world.stub.script("BLOCKS", [{ until: () => blocked.promise }, { say: "Blocked." }]);
    const other = String((await two.call("codex_dispatch", { prompt: "BLOCKS", cwd })).data["task_id"]);
    const queued = (await two.call("codex_dispatch", { prompt: "SAY-HELLO", cwd })).data["task_id"];
    expect(await ask(two, queued)).toMatchObject({ status: "queued" });
    // A third server without a limit uses up what is left.
    const third = await world.client({ CODEXMCP_ENGINE: engine, TZ: zoneAtNoon() });
    expect((await third.call("codex", { prompt: "USES-IT-UP", cwd })).data).toMatchObject({ success: true });
    await world.until(async () => (await ask(two, queued))["status"] === "failed");
    expect(await ask(two, queued)).toMatchObject({ code: "budget" });
    // The one whose model is being asked ends, the one whose command is in flight does not yet.
    await world.until(async () => (await ask(two, other))["status"] === "failed");
    blocked.resolve();
    expect(await ask(two, other)).toMatchObject({ code: "budget" });
    expect(await ask(one, running)).toMatchObject({ status: "running" });
    writeFileSync(go, "");
    await world.until(async () => (await ask(one, running))["status"] === "failed");
    held.resolve();
    expect(await ask(one, running)).toMatchObject({ code: "budget", error: USED });
    expect(logOf(running)).toMatch(/"item.completed"[^\n]*in-flight-done\\n[^\n]*"exit_code":0/);

    // New ones are refused, continued ones too, and it is said until when.
    for (const request of [
      { prompt: "SAY-HELLO", cwd },
      { prompt: "SAY-HELLO", resume: running },
    ]) {
      const { isError, data } = await two.call("codex", request);
      expect({ isError, ...data }).toMatchObject({ isError: true, code: "budget", error: USED });
      expect(String(data["hint"])).toMatch(/when the day has ended \(\d{4}-\d\d-\d\d 00:00 UTC[+-]\d\d:\d\d\)/);
    }
    const { stdout } = await runCli(world, ["tasks", "--json"], settings);
    expect(JSON.parse(stdout)).toMatchObject({ tokens_today: { used: 4 * ANSWER, limit: 3 * ANSWER } });
    expect((await runCli(world, ["doctor", "--json"], settings)).stdout).toContain(
      "480 of today's 360 tokens are used",
    );

    // The next day has its own.
    endDay(world.stateHome);
    expect((await two.call("codex", { prompt: "SAY-HELLO", cwd })).data).toMatchObject({ success: true });
  },
  90_000,
);
