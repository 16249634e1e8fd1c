import { afterAll, beforeAll, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../support/command-line.ts";
import { canMountDisks, mountDisk, unmountDisk } from "../support/disk.ts";
import { portray } from "../support/random-worktree.ts";
import { World } from "../support/world.ts";

const canMount = canMountDisks();
if (!canMount) console.warn("SKIPPED: discard on a full disk, since nothing can be mounted here (needs root)");

const KIB = 1024;

let world: World;
let disk: string;
let repo: string;
let worktree: string;

beforeAll(async () => {
  world = new World();
  disk = world.folder("disk");
  if (!canMount) return;
  mountDisk(disk, "16m");
  world.stub.script("WORK", [{ run: "echo work > work.txt" }, { say: "Worked." }]);
  repo = await world.repository("disk/project");
  const client = await world.client();
  const request = { prompt: "WORK", cwd: repo, topic: "implement-full-v1", sandbox: "full-access" };
  const { data } = await client.call("codex", request);
  worktree = String(data["worktree_dir"]);
  for (let file = 0; file < 3; file++) writeFileSync(join(worktree, `draft-${file}.bin`), randomBytes(1024 * KIB));
});
afterAll(async () => {
  if (canMount) unmountDisk(disk);
  await world.close();
});

/** Fills a disk up to so much. */
function fill(folder: string, leftBytes: number): void {
  const ballast = join(folder, "ballast");
  Bun.spawnSync(["dd", "if=/dev/zero", `of=${ballast}`, "bs=4k"], { stderr: "ignore" });
  const size = readFileSync(ballast).length;
  Bun.spawnSync(["truncate", "-s", String(Math.max(0, size - leftBytes)), ballast]);
}

const salvages = () => world.run(repo, ["git", "for-each-ref", "refs/codexmcp/salvage"]);

/** What a broken fast-import may leave in git's folder. */
function leftovers(): string[] {
  const names = readdirSync(join(repo, ".git"), { recursive: true }).map(String);
  return names.filter((name) => /tmp_|fast_import_crash|\.lock$/.test(name));
}

test.skipIf(!canMount).each([0, 64, 1500, 3000])(
  "the repository's disk full with %d KiB left: discard says so, and nothing is lost or left",
  async (kib) => {
    const before = await portray(worktree);
    fill(disk, kib * KIB);
    const refused = await runCli(world, ["discard", "implement-full"]);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toMatch(/disk is full|No space left/);
    expect(refused.stderr).toMatch(/Free space/);
    expect(refused.stderr).not.toContain("[internal]");
    rmSync(join(disk, "ballast"));
    expect(await portray(worktree)).toEqual(before);
    expect(await world.run(repo, ["git", "branch", "--list", "agent/implement-full"])).toContain("implement-full");
    expect(await salvages()).toBe("");
    expect(leftovers()).toEqual([]);
  },
);

test.skipIf(!canMount)("the folder for temporary files full: it is discarded and comes back nevertheless", async () => {
  const temporary = world.folder("temporary");
  mountDisk(temporary, "64k");
  try {
    const before = await portray(worktree);
    fill(temporary, 0);
    const options = { TMPDIR: temporary };
    expect(await runCli(world, ["discard", "implement-full"], options)).toMatchObject({ stderr: "", exitCode: 0 });
    expect(await runCli(world, ["restore", "implement-full"], options)).toMatchObject({ stderr: "", exitCode: 0 });
    expect(await portray(worktree)).toEqual(before);
    expect(leftovers()).toEqual([]);
  } finally {
    unmountDisk(temporary);
  }
});

test.skipIf(!canMount)("with room again, it is discarded and comes back", async () => {
  const before = await portray(worktree);
  expect(await runCli(world, ["discard", "implement-full"])).toMatchObject({ exitCode: 0 });
  expect(existsSync(worktree)).toBe(false);
  fill(disk, 512 * KIB);
  const refused = await runCli(world, ["restore", "implement-full"]);
  expect(refused.stderr).toMatch(/disk is full|No space left|ENOSPC/);
  expect(refused.stderr).not.toContain("[internal]");
  expect(existsSync(worktree)).toBe(false);
  rmSync(join(disk, "ballast"));
  expect(await world.run(repo, ["git", "worktree", "list"])).not.toContain("implement-full");
  expect(await runCli(world, ["restore", "implement-full"])).toMatchObject({ stderr: "", exitCode: 0 });
  expect(await portray(worktree)).toEqual(before);
});
