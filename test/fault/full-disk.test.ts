import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { canMountDisks, mountDisk, unmountDisk } from "../support/disk.ts";
import { World } from "../support/world.ts";

const canMount = canMountDisks();
if (!canMount) console.warn("SKIPPED: a full disk in every phase, since nothing can be mounted here (needs root)");

let world: World;
let home: string;

beforeAll(() => {
  world = new World();
  world.stub.script("SAY-HELLO", [{ say: "Hello." }]);
  world.stub.script("WORK", [{ run: "echo one" }, { delayMs: 1500 }, { run: "echo two" }, { say: "Worked." }]);
  home = world.folder("small-disk");
  if (canMount) mountDisk(home, "2m");
});
afterAll(async () => {
  if (canMount) unmountDisk(home);
  await world.close();
});

const ballast = () => join(home, "ballast");
const fill = () => void Bun.spawnSync(["dd", "if=/dev/zero", `of=${ballast()}`, "bs=4k"], { stderr: "ignore" });
const makeRoom = () => rmSync(ballast(), { force: true });

/** When the disk becomes full, by what the state folder shows. */
const PHASES: Record<string, (task: string) => boolean> = {
  "before the start": () => true,
  "as soon as the task's folder is there": (task) => existsSync(task),
  "as soon as the prompt is written": (task) => existsSync(join(task, "prompt.md")),
  "as soon as the supervisor lives": (task) => existsSync(join(task, "live", "heartbeat.json")),
  "while Codex works": (task) => hasLog(task, "echo one"),
  "when Codex has said its last": (task) => hasLog(task, "Worked."),
};

function hasLog(task: string, text: string): boolean {
  const log = join(task, "codex-exec.log");
  return existsSync(log) && readFileSync(log, "utf8").includes(text);
}

test.skipIf(!canMount).each(Object.keys(PHASES))(
  "the state folder full %s: the call is answered, and nothing is lost",
  async (phase) => {
    const state = join(home, `state-${Object.keys(PHASES).indexOf(phase)}`);
    mkdirSync(state);
    const client = await world.client({ CODEXMCP_HOME: state });
    expect(
      (
        await client.call("codex", {
          prompt: "SAY-HELLO",
          cwd: world.root,
          topic: "review-before-v1",
          sandbox: "read-only",
        })
      ).data,
    ).toMatchObject({ success: true });
    const task = join(state, "tasks", "codex-review-full-v1");
    const isReached = () => PHASES[phase]?.(task) === true;
    const over = new AbortController();
    const filling = (async () => {
      while (!over.signal.aborted && !isReached()) await Bun.sleep(1);
      fill();
    })();
    const request = { prompt: "WORK", cwd: world.root, topic: "review-full-v1", sandbox: "read-only" };
    const answer = await client.call("codex", request);
    over.abort();
    await filling;
    // Whatever it was, it is said in words.
    const said = answer.data;
    expect([
      "state_unusable",
      "codex_failed",
      "no_terminal_event",
      "supervisor_lost",
      "killed_by_signal",
      "start_failed",
      undefined,
    ]).toContain(said["code"] as string | undefined);
    if (said["code"] === undefined) expect(said).toMatchObject({ success: true, result: "Worked." });
    makeRoom();
    const before = await client.call("codex_status", { task_id: "codex-review-before-v1" });
    expect(before.data).toMatchObject({ status: "completed", result: "Hello." });
    // What the log holds is known once there is room again.
    if (existsSync(join(task, "meta.json"))) {
      const ended = await world.waitForEnd(client, "codex-review-full-v1");
      if (hasLog(task, '"turn.completed"')) expect(ended).toMatchObject({ status: "completed", result: "Worked." });
    }
    const again = await client.call("codex", { ...request, prompt: "SAY-HELLO" });
    expect(again.data).toMatchObject({ success: true, result: "Hello." });
    await client.close();
    // The end of an idle process may remove its files at the same time.
    rmSync(state, { recursive: true, force: true });
  },
  120_000,
);
