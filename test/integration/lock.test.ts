import { expect, test } from "bun:test";
import { withLock } from "#store/lock.ts";
import { openStore } from "#store/store.ts";
import { Scratch } from "../support/scratch.ts";

test("a lock is held by one at a time, and a dead holder's is taken", async () => {
  using scratch = new Scratch();
  const store = openStore(scratch.folder("state"), (cwd) => cwd);
  store.database
    .query("INSERT INTO locks (name, token, owner_pid, owner_start) VALUES ('repo', 't', 999999999, 'long ago')")
    .run();
  let inside = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++inside);
    await Bun.sleep(2);
    inside--;
  };
  await Promise.all(Array.from({ length: 8 }, () => withLock(store, "repo", work)));
  expect(most).toBe(1);
});
