import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { TestBoard } from "../support/board.ts";
import { runCli } from "../support/command-line.ts";
import { canMountDisks, mountDisk, unmountDisk } from "../support/disk.ts";
import { BINARY, World } from "../support/world.ts";

const canMount = canMountDisks();
if (!canMount) console.warn("SKIPPED: the board on a full disk, since nothing can be mounted here (needs root)");

let world: World;
let disk: string;
let task: string;

beforeAll(async () => {
  world = new World();
  world.stub.script("WORK", [{ run: "seq 1 200000 > numbers.txt" }, { say: "Counted." }]);
  disk = world.folder("small-disk");
  if (canMount) mountDisk(disk, "2m");
  const client = await world.client();
  const cwd = await world.repository();
  const { data } = await client.call("codex", {
    prompt: "WORK",
    cwd,
    topic: "implement-numbers-v1",
    sandbox: "full-access",
  });
  expect(data).toMatchObject({ success: true });
  task = String(data["task_id"]);
});
afterAll(async () => {
  if (canMount) unmountDisk(disk);
  await world.close();
});

const ballast = () => join(disk, "ballast");
const fill = () => void Bun.spawnSync(["dd", "if=/dev/zero", `of=${ballast()}`, "bs=4k"], { stderr: "ignore" });

test.skipIf(!canMount)("changes that the disk has no room for are not shown as none, or as fewer", async () => {
  const board = await TestBoard.start(world, [], { TMPDIR: disk });
  const read = async () => board.request(`/api/tasks/${task}/diff`);
  fill();
  const refused = await read();
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({ code: "file_system_refused" });
  rmSync(ballast());
  expect(await (await read()).json()).toMatchObject({ diff_stat: "1 file changed, 200000 insertions(+)" });
  expect(await board.stop()).toBe(0);
});

test.skipIf(!canMount)("an export to a full disk says so, and leaves no part of it", async () => {
  fill();
  const { exitCode, stderr } = await runCli(world, ["export", task, "--output", join(disk, "task.html")]);
  expect(exitCode).toBe(1);
  expect(stderr).toContain("[file_system_refused]");
  expect(readdirSync(disk)).toEqual(["ballast"]);
});

test("an export that is stopped at any moment leaves nothing, or the whole file", async () => {
  for (let round = 0; round < 8; round++) {
    const [folder, temporary] = [world.folder(`export-${round}`), world.folder(`temporary-${round}`)];
    mkdirSync(folder, { recursive: true });
    const command = Bun.spawn([BINARY, "export", task], {
      cwd: folder,
      env: world.environment({ TMPDIR: temporary }),
      stdio: ["ignore", "pipe", "pipe"],
    });
    await Bun.sleep(Math.random() * 400);
    command.kill("SIGINT");
    expect([0, 130]).toContain(await command.exited);
    expect(readdirSync(temporary)).toEqual([]);
    const files = readdirSync(folder);
    if (files.length > 0) {
      expect(files).toEqual([`${task}.html`]);
      expect(await Bun.file(join(folder, `${task}.html`)).text()).toEndWith("</html>\n");
    }
  }
});
