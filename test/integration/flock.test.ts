import { afterAll, beforeAll, expect, test } from "bun:test";
import { closeSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isFlocked, tryFlock } from "#platform/flock.ts";

const HAS_LOCKS = process.platform !== "win32";
let folder: string;

beforeAll(() => {
  folder = mkdtempSync("/var/tmp/codexmcp-flock-");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.if(HAS_LOCKS)("a lock is held for as long as a process that inherited the file lives, and no longer", async () => {
  const path = join(folder, "held");
  // Without the file, nothing is known.
  expect(isFlocked(path)).toBeUndefined();
  const file = tryFlock(path);
  if (typeof file !== "number") throw new Error("the lock could not be taken");
  const holder = Bun.spawn(["sh", "-c", "sleep 300 & wait"], {
    stdio: ["ignore", "ignore", "ignore", file],
    detached: true,
  });
  closeSync(file);
  expect(isFlocked(path)).toBe(true);
  expect(tryFlock(path)).toBe(false);
  expect(await isFlockedFromNamespace(path)).toBe("true");
  process.kill(-holder.pid, "SIGKILL");
  await holder.exited;
  while (isFlocked(path) === true) await Bun.sleep(5);
  const again = tryFlock(path);
  expect(again).toBeNumber();
  if (typeof again === "number") closeSync(again);
});

test.if(HAS_LOCKS)("many processes that look at a lock do not keep its owner from taking it", async () => {
  const path = join(folder, "looked-at");
  writeFileSync(path, "");
  const look = `import { isFlocked } from "#platform/flock.ts"; for (let i = 0; i < 5000; i++) isFlocked(${JSON.stringify(path)});`;
  const lookers = [1, 2].map(() => Bun.spawn([process.execPath, "-e", look], { cwd: import.meta.dir }));
  while (lookers.some(({ exitCode }) => exitCode === null)) {
    await Bun.sleep(1);
    const file = tryFlock(path);
    expect(file).toBeNumber();
    if (typeof file === "number") closeSync(file);
  }
});

test.if(HAS_LOCKS)("what is no file of its own is not known, and not waited for", () => {
  Bun.spawnSync(["mkfifo", join(folder, "pipe")]);
  mkdirSync(join(folder, "folder"));
  writeFileSync(join(folder, "file"), "");
  symlinkSync("file", join(folder, "link"));
  for (const name of ["pipe", "folder", "link"]) {
    expect([name, isFlocked(join(folder, name)), tryFlock(join(folder, name))]).toEqual([name, undefined, undefined]);
  }
  expect(isFlocked("/dev/zero")).toBeUndefined();
});

async function isFlockedFromNamespace(path: string): Promise<string> {
  const isRoot = process.getuid?.() === 0;
  const command = `import { isFlocked } from "#platform/flock.ts"; console.log(isFlocked(${JSON.stringify(path)}));`;
  const namespace = process.platform === "linux" ? ["unshare", ...(isRoot ? [] : ["-r"]), "-pf", "--mount-proc"] : [];
  const run = Bun.spawn([...namespace, process.execPath, "-e", command], { cwd: import.meta.dir });
  return (await run.stdout.text()).trim();
}
