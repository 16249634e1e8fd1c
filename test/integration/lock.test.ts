import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readLockState, tryHold } from "#store/locks/held-lock.ts";
import { withRepositoryLock } from "#store/locks/lock.ts";
import { openStore } from "#store/store.ts";
import { Scratch } from "../support/scratch.ts";

const MODULE = join(import.meta.dir, "..", "..", "src", "store", "locks", "held-lock.ts");

/** Starts a process that holds a lock until it is killed. */
async function holder(path: string, wrapper: readonly string[] = []): Promise<Bun.Subprocess<"ignore", "pipe">> {
  const code = `const { tryHold } = await import(${JSON.stringify(MODULE)});
    console.log(tryHold(${JSON.stringify(path)}) === undefined ? "refused" : "held");
    await new Promise(() => {}, setInterval(() => {}, 1e6));`;
  const child = Bun.spawn([...wrapper, "bun", "-e", code], { stdin: "ignore", stdout: "pipe", stderr: "inherit" });
  const { value } = await child.stdout.getReader().read();
  expect(new TextDecoder().decode(value).trim()).toBe("held");
  return child;
}

test("a repository is worked on by one at a time", async () => {
  using scratch = new Scratch();
  const store = openStore(scratch.folder("state"), (cwd) => cwd);
  let inside = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++inside);
    await Bun.sleep(2);
    inside--;
  };
  await Promise.all(Array.from({ length: 8 }, () => withRepositoryLock(store, "/repository/.git", work)));
  expect(most).toBe(1);
});

test("a lock is held until its holder dies, however that is, and only looking at it takes nothing", async () => {
  using scratch = new Scratch();
  const path = join(scratch.root, "some.lock");
  expect(readLockState(path)).toBe("missing");
  const child = await holder(path);
  expect(readLockState(path)).toBe("held");
  expect(tryHold(path)).toBeUndefined();
  child.kill("SIGSTOP");
  expect(readLockState(path)).toBe("held");
  child.kill("SIGKILL");
  await child.exited;
  expect(readLockState(path)).toBe("free");
  const own = tryHold(path);
  expect(readLockState(path)).toBe("held");
  own?.release();
  expect(readLockState(path)).toBe("free");
});

const canUnshare = Bun.spawnSync(["unshare", "--fork", "--pid", "--mount-proc", "true"]).exitCode === 0;
if (!canUnshare) console.warn("SKIPPED: locks across PID namespaces, since none can be made here (needs root)");

test.skipIf(!canUnshare)("a lock that is held in another PID namespace is seen, and gone with its holder", async () => {
  using scratch = new Scratch();
  const path = join(scratch.root, "some.lock");
  const child = await holder(path, ["unshare", "--fork", "--kill-child", "--pid", "--mount-proc"]);
  expect(readLockState(path)).toBe("held");
  child.kill("SIGKILL");
  await child.exited;
  while (readLockState(path) === "held") await Bun.sleep(5);
  expect(readLockState(path)).toBe("free");
});

test("what is no lock file is not taken for one that is held, and gives way to one", () => {
  using scratch = new Scratch();
  const folder = join(scratch.root, "folder.lock");
  mkdirSync(folder);
  expect(readLockState(folder)).toBe("unknown");
  const garbage = join(scratch.root, "garbage.lock");
  writeFileSync(garbage, "no database, and long enough to be looked at as one ".repeat(40));
  const pipe = join(scratch.root, "pipe.lock");
  Bun.spawnSync(["mkfifo", pipe]);
  for (const path of [folder, garbage, pipe]) {
    const lock = tryHold(path);
    expect(readLockState(path)).toBe("held");
    lock?.release();
  }
});
