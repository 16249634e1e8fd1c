import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { isCodexCommand } from "../support/engines.ts";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { McpClient } from "../support/mcp-client.ts";
import { OtherMachine, type Separation } from "../support/other-machine.ts";
import { BINARY, World } from "../support/world.ts";

// The long run: FAULT_ROUNDS=100 npm test -- test/fault/two-machines.test.ts
const ROUNDS = Number(process.env["FAULT_ROUNDS"] ?? 4);

const isPossible = OtherMachine.isPossible();
if (!isPossible) console.warn("SKIPPED: two machines on one state folder, since namespaces need root");

describe.skipIf(!isPossible).each(["container", "host"] as const)("another %s on the same state folder", (kind) => {
  let world: World;
  let other: OtherMachine;
  let here: McpClient;
  let there: McpClient;
  let folder: string;

  beforeAll(async () => {
    world = new World();
    world.stub.script("SAY-HELLO", [{ say: "Hello." }]);
    world.stub.script("WORK", [{ run: "echo one" }, { delayMs: 700 }, { run: "echo two" }, { say: "Worked." }]);
    world.stub.script("FOREVER", [{ run: "sleep 600" }, { say: "Never said." }]);
    folder = world.folder("plain");
    other = await OtherMachine.start(kind);
    here = await world.client();
    there = await world.client({ CODEXMCP_TMUX_SOCKET: join(world.root, "there.sock") }, world.root, other.prefix);
  });
  afterAll(async () => {
    await there.close();
    await other.stop();
    await world.close();
  });

  const request = (prompt: string, topic: string) => ({ prompt, cwd: folder, topic, sandbox: "read-only" });
  const statusOf = async (client: McpClient, task_id: string) =>
    (await client.call("codex_status", { task_id })).data as Record<string, string>;
  const started = (taskId: string) => () => Bun.file(join(world.stateHome, "tasks", taskId, "codex-exec.log")).size > 0;

  test("a task that runs there is shown as running there, by every command, and ends as it ends", async () => {
    const task_id = "codex-review-there-v1";
    await there.call("codex_dispatch", request("WORK", "review-there-v1"));
    await world.until(started(task_id));
    const status = await statusOf(here, task_id);
    expect(status).toMatchObject({ status: "running" });
    expect(status["note"]).toMatch(/^Running on \S+/);
    const list = Bun.spawnSync([BINARY, "tasks"], { env: world.environment(), cwd: world.root });
    expect(list.stdout.toString()).toContain("running");
    const ended = await world.waitForEnd(here, task_id);
    expect(ended).toMatchObject({ status: "completed", result: "Worked." });
    expect(await statusOf(there, task_id)).toMatchObject({ status: "completed", result: "Worked." });
  });

  test("a cancel from here is carried out there, and no process is left", async () => {
    const task_id = "codex-review-cancel-v1";
    await there.call("codex_dispatch", request("FOREVER", "review-cancel-v1"));
    await world.until(started(task_id));
    expect((await here.call("codex_cancel", { task_id })).data).toMatchObject({ status: "cancelled" });
    expect(await statusOf(there, task_id)).toMatchObject({ status: "cancelled" });
    await world.until(() => !world.processes().some(({ command }) => command.includes(task_id)));
  });

  test("Codex that has lost its supervisor there is not called dead here, nor ended; there it is adopted", async () => {
    const task_id = "codex-review-orphan-v1";
    await there.call("codex_dispatch", request("FOREVER", "review-orphan-v1"));
    await world.until(started(task_id));
    const supervisor = world.processes().find(({ command }) => command.includes(`run-task ${task_id}`));
    process.kill(supervisor?.pid ?? 0, "SIGKILL");
    for (let look = 0; look < 3; look++) expect(await statusOf(here, task_id)).toMatchObject({ status: "running" });
    const cancel = await here.call("codex_cancel", { task_id });
    expect(cancel.data).toMatchObject({ status: "running" });
    expect(String(cancel.data["note"])).toContain("The cancel is recorded");
    const ended = await world.waitForEnd(there, task_id);
    expect(ended).toMatchObject({ status: "cancelled" });
  });

  test("what lies in the task's folder being deleted, or the index lost, makes nobody here call it dead", async () => {
    for (const lost of ["live", "index"] as const) {
      const task_id = `codex-review-lost_${lost}-v1`;
      await there.call("codex_dispatch", request("WORK", `review-lost_${lost}-v1`));
      await world.until(started(task_id));
      if (lost === "live") {
        // The supervisor renames files in it meanwhile.
        rmSync(join(world.stateHome, "tasks", task_id, "live"), { recursive: true, force: true });
      } else {
        killAll((command) => command.includes(`run-task ${task_id}`));
        for (const suffix of ["", "-wal", "-shm"]) {
          rmSync(join(world.stateHome, `codexmcp.db${suffix}`), { force: true });
        }
      }
      expect(await statusOf(here, task_id)).toMatchObject({ status: "running" });
      expect(await world.waitForEnd(there, task_id)).toMatchObject({ status: "completed", result: "Worked." });
    }
  });

  test(
    `starts, looks, waits, cancels and kills on both at once, ${ROUNDS} rounds: both say the same, and it is true`,
    async () => {
      const faults: string[] = [];
      for (let round = 1; round <= ROUNDS; round++) faults.push(...(await playRound(round)));
      expect(faults).toEqual([]);
    },
    ROUNDS * 60_000,
  );

  async function playRound(round: number): Promise<string[]> {
    const topic = `review-round_${round}-v1`;
    const task_id = `codex-${topic}`;
    const [one, two] = Math.random() < 0.5 ? [here, there] : [there, here];
    const act = (["none", "cancel", "kill supervisor", "kill all"] as const)[Math.floor(Math.random() * 4)] ?? "none";
    const faults: string[] = [];
    const fault = (what: string) => faults.push(`round ${round} (${act}): ${what}`);
    const starts = await Promise.all([one, two].map((client) => client.call("codex_dispatch", request("WORK", topic))));
    const granted = starts.filter(({ isError }) => !isError).length;
    if (granted !== 1) fault(`${granted} of two starts were granted`);
    await Bun.sleep(Math.random() * 600);
    const wait = two.call("codex_wait", { task_ids: [task_id], timeout_seconds: 20 });
    if (act === "cancel") await two.call("codex_cancel", { task_id });
    if (act === "kill supervisor") killAll((command) => command.includes(`run-task ${task_id}`));
    if (act === "kill all") {
      killAll((command) => command.includes(`run-task ${task_id}`) || isCodexCommand(command));
    }
    await Promise.all([one, two].map((client) => world.waitForEnd(client, task_id)));
    const ends = await Promise.all([one, two].map((client) => statusOf(client, task_id)));
    const [first, second] = ends.map(({ status, result, code }) => JSON.stringify({ status, result, code }));
    if (first !== second) fault(`${first} here, ${second} there`);
    const status = String(ends[0]?.["status"]);
    const allowed = {
      none: ["completed"],
      cancel: ["cancelled", "completed"],
      "kill supervisor": ["completed"],
      "kill all": ["failed", "completed"],
    };
    if (!allowed[act].includes(status)) fault(`it is ${first}`);
    const waited = JSON.stringify((await wait).data);
    if (!waited.includes(`"${status}"`)) fault(`the wait said ${waited}`);
    return faults;
  }

  function killAll(isMeant: (command: string) => boolean): void {
    for (const { pid } of world.processes().filter(({ command }) => isMeant(command))) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It ended in this moment.
      }
    }
  }
});

test.skipIf(!isPossible)("a machine that has got another name still knows its own tasks", async () => {
  const world = new World();
  try {
    world.stub.script("FOREVER", [{ run: "sleep 600" }, { say: "Never said." }]);
    const client = await world.client();
    const request = { prompt: "FOREVER", cwd: world.root, topic: "review-renamed-v1", sandbox: "read-only" };
    const { data } = await client.call("codex_dispatch", request);
    await world.until(() => Bun.file(String(data["log_file"])).size > 0);
    const renamed = await world.client({}, world.root, ["unshare", "--uts", "sh", "-c", 'hostname renamed; exec "$0"']);
    const supervisor = world.processes().find(({ command }) => command.includes("run-task codex-review-renamed-v1"));
    process.kill(supervisor?.pid ?? 0, "SIGKILL");
    expect((await renamed.call("codex_cancel", { task_id: "codex-review-renamed-v1" })).data).toMatchObject({
      status: "cancelled",
    });
  } finally {
    await world.close();
  }
});

test.skipIf(!isPossible)("a queue's limit counts the tasks of both machines", async () => {
  const world = new World();
  const other = await OtherMachine.start("host" satisfies Separation);
  try {
    world.stub.script("FOREVER", [{ run: "sleep 600" }, { say: "Never said." }]);
    world.stub.script("SAY-HELLO", [{ say: "Hello." }]);
    const limit = { CODEXMCP_MAX_CONCURRENT: "1" };
    const [here, there] = [await world.client(limit), await world.client(limit, world.root, other.prefix)];
    const start = (client: McpClient, prompt: string, topic: string) =>
      client.call("codex_dispatch", { prompt, cwd: world.root, topic, sandbox: "read-only" });
    await start(there, "FOREVER", "review-first-v1");
    expect((await start(here, "SAY-HELLO", "review-second-v1")).data).toMatchObject({ status: "queued" });
    // Whatever becomes of that machine: what cannot run any more holds no slot.
    await there.close();
    await other.stop();
    expect(await world.waitForEnd(here, "codex-review-second-v1")).toMatchObject({ status: "completed" });
    const first = await here.call("codex_status", { task_id: "codex-review-first-v1" });
    expect(first.data).toMatchObject({ status: "failed", code: "supervisor_lost" });
  } finally {
    await other.stop();
    await world.close();
  }
});
