import { expect, test } from "bun:test";
import { identifyProcess, isProcessAlive, ownIdentity, signalProcess } from "#platform/process/identity.ts";

test("a pid alone is not an identity: the start time, and the boot, belong to it", () => {
  const own = ownIdentity();
  expect(own.pid).toBe(process.pid);
  expect(own.start).toMatch(/^[0-9a-f-]{8}:\d+$/);
  expect(isProcessAlive(own)).toBe(true);
  // The pid was given to another process since, or the machine was restarted.
  expect(
    isProcessAlive({ pid: own.pid, start: own.start.replace(/\d$/, (digit) => String((Number(digit) + 1) % 10)) }),
  ).toBe(false);
  expect(isProcessAlive({ pid: own.pid, start: `00000000${own.start.slice(8)}` })).toBe(false);
});

test("a process that has ended is gone, and gets no signal that its pid's next owner would get", async () => {
  const child = Bun.spawn(["sleep", "60"]);
  const identity = identifyProcess(child.pid);
  expect(identity?.pid).toBe(child.pid);
  if (identity === undefined) return;
  expect(signalProcess({ ...identity, start: "another" }, "SIGKILL")).toBe(false);
  expect(signalProcess(identity, "SIGKILL")).toBe(true);
  await child.exited;
  expect(isProcessAlive(identity)).toBe(false);
});
