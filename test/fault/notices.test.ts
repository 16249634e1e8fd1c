// Notices of ended tasks: the command and the webhook are called once a run, or tried again and said, whatever process is killed.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { appendFileSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../support/command-line.ts";
import { NoticesWorld } from "../support/notices-world.ts";
import { killAll, readProc } from "../support/processes.ts";

// The whole suite is 100 rounds: FAULT_ROUNDS=100 npm test -- test/fault
const ROUNDS = Number(process.env["FAULT_ROUNDS"] ?? 8);

let world: NoticesWorld;

beforeAll(() => {
  world = new NoticesWorld();
});
afterAll(() => world.close());

describe("a receiver", () => {
  test("that fails twice gets the same message again", async () => {
    world.answers.push(500, 302);
    await world.runTask("SAY-HELLO", "review-twice-v1", world.wanted());
    expect(await world.untilGiven("review-twice-v1")).toEqual({ command: "done", webhook: "done after 3 attempts" });
    const all = world.deliveriesOf("review-twice-v1");
    expect(all).toHaveLength(3);
    expect(new Set(all.map(({ id }) => id)).size).toBe(1);
  });

  test("that answers 410 gets no other, and doctor says so", async () => {
    world.answers.push(410);
    await world.runTask("SAY-HELLO", "review-gone-v1", world.wanted());
    const { webhook } = await world.untilGiven("review-gone-v1");
    expect(webhook).toBe("failed: the receiver answered with status 410");
    expect(world.deliveriesOf("review-gone-v1")).toHaveLength(1);
    expect((await runCli(world, ["doctor"])).stdout).toContain("codex-review-gone-v1, webhook: failed");
  });
});

describe("killed processes", () => {
  test("of a run: the reader that records the end gives its notices; one that is not configured leaves them", async () => {
    await runCli(world, ["run", "--detach", "--topic", "review-lost-v1", "FOREVER"], world.wanted());
    await world.untilWorking("codex-review-lost-v1");
    await world.until(() => {
      killAll(world.processes());
      return world.processes().length === 0;
    });
    await world.untilGiven("review-lost-v1");
    expect(world.deliveriesOf("review-lost-v1").map(({ type }) => type)).toEqual(["task.failed"]);
    expect(world.callsOf("review-lost-v1")).toBe(1);
  });

  test("the notice of a run that another run has followed is given with that run's record", async () => {
    world.answers.push(500);
    await world.runTask("SAY-HELLO", "review-follow-v1", world.wanted());
    await world.until(() => world.deliveriesOf("review-follow-v1").length > 0);
    killAll(world.hooks());
    await world.until(() => world.hooks().length === 0);
    await world.runTask("WORK", "review-follow-v1", {});
    expect(await world.noticesOf("review-follow-v1", {})).toEqual({});
    await runCli(world, ["tasks"], {});
    expect(world.hooks()).toEqual([]);
    await world.until(async () => {
      await runCli(world, ["tasks"], world.wanted());
      return world.deliveriesOf("review-follow-v1").length > 1;
    });
    expect(world.deliveriesOf("review-follow-v1").at(-1)?.data["result"]).toBe("Hello.");
    expect(world.deliveriesOf("review-follow-v1", 2)).toEqual([]);
    await world.until(() => world.hooks().length === 0);
  });

  test(
    `the process that gives the notices, ${ROUNDS} times at random moments: once, or tried again and said`,
    async () => {
      const rounds: Record<string, unknown>[] = [];
      for (let round = 1; round <= ROUNDS; round++) {
        const topic = `review-hook_${round}-v1`;
        const slow = world.wanted({ CODEXMCP_ON_END: `sleep 0.0${round % 5}; ${world.command}` });
        await world.runTask("SAY-HELLO", topic, slow);
        await world.until(() => world.hooks().length > 0 || world.deliveriesOf(topic).length > 0);
        await Bun.sleep(Math.random() * 100);
        const killed = world.hooks();
        killAll(killed);
        rounds.push({ topic, killed: killed.length, ...(await world.untilGiven(topic, slow)) });
        await world.until(() => world.hooks().length === 0);
      }
      console.table(rounds);
      for (const { topic, command: state, webhook } of rounds) checkOnce(String(topic), String(state), String(webhook));
    },
    ROUNDS * 30_000,
  );

  test(
    `the supervisor right after the end, ${ROUNDS} times: the next reader gives the notices`,
    async () => {
      const rounds: Record<string, unknown>[] = [];
      for (let round = 1; round <= ROUNDS; round++) {
        const topic = `review-supervisor_${round}-v1`;
        await runCli(world, ["run", "--detach", "--topic", topic, "SAY-HELLO"], world.wanted());
        const supervisor = world.supervisorOf(`codex-${topic}`);
        const meta = join(world.folderOf(`codex-${topic}`), "meta.json");
        while (/"status": "(?:queued|running)"/.test(readFileSync(meta, "utf8"))) await Bun.sleep(0);
        await Bun.sleep(Math.random() * 10 * (round % 3));
        const isAlive = readProc(supervisor, "cmdline").includes("run-task");
        if (isAlive) killAll([{ pid: supervisor }]);
        const wasStarted = world.hooks().length > 0 || world.deliveriesOf(topic).length > 0;
        const notices = await world.untilGiven(topic);
        rounds.push({ topic, isAlive, wasStarted, ...notices });
        checkOnce(topic, notices["command"] ?? "", notices["webhook"] ?? "");
      }
      console.table(rounds);
    },
    ROUNDS * 30_000,
  );

  test("many readers at once give each notice once", async () => {
    world.answers.push(500);
    const appended = join(world.root, "appended");
    const environment = world.wanted({ CODEXMCP_ON_END: `sleep 0.3; echo x >> '${appended}'` });
    await world.runTask("SAY-HELLO", "review-readers-v1", environment);
    await Promise.all(Array.from({ length: 8 }, () => runCli(world, ["tasks"], environment)));
    expect(await world.untilGiven("review-readers-v1", environment)).toMatchObject({ command: "done" });
    expect(readFileSync(appended, "utf8")).toBe("x\n");
    expect(world.deliveriesOf("review-readers-v1").length).toBe(2);
    await world.until(() => world.hooks().length === 0);
    expect(readdirSync(join(world.stateHome, "locks")).filter((name) => name.startsWith("notices-"))).toEqual([]);
  });

  test("a storage that cannot record that the command starts does not start it", async () => {
    appendFileSync(`${world.calls}-unrecorded`, "");
    const index = new Database(join(world.stateHome, "codexmcp.db"));
    index.run("CREATE TRIGGER refuse BEFORE UPDATE ON ends BEGIN SELECT RAISE(FAIL, 'refused'); END");
    const environment = { CODEXMCP_ON_END: `echo x >> '${world.calls}-unrecorded'` };
    await world.runTask("SAY-HELLO", "review-unrecorded-v1", environment);
    expect(await world.noticesOf("review-unrecorded-v1", environment)).toEqual({ command: "pending" });
    await world.until(() => world.hooks().length === 0);
    expect(readFileSync(`${world.calls}-unrecorded`, "utf8")).toBe("");
    index.run("DROP TRIGGER refuse");
    index.close();
    expect(await world.untilGiven("review-unrecorded-v1", environment)).toEqual({ command: "done" });
    expect(readFileSync(`${world.calls}-unrecorded`, "utf8")).toBe("x\n");
  });
});

function checkOnce(topic: string, command_: string, webhook: string): void {
  const called = world.callsOf(topic);
  if (command_ === "done") expect([topic, called]).toEqual([topic, 1]);
  else {
    expect(command_).toStartWith("unknown: the process that ran it was killed");
    expect(called).toBeLessThanOrEqual(1);
  }
  const all = world.deliveriesOf(topic);
  expect(webhook).toStartWith("done");
  expect(all.length).toBeGreaterThan(0);
  expect(new Set(all.map(({ id }) => id)).size).toBe(1);
}
