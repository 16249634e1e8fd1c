import { describe, expect, test } from "bun:test";
import { judgeCommand, withoutShell } from "#readonly/audit/judge-command.ts";
import { generateCommand, GROWING, MAX_LENGTH, randomFrom } from "../support/shell-commands.ts";

const rounds = Number(process.env["AUDIT_ROUNDS"] ?? 1500);
const seed = Number(process.env["AUDIT_SEED"] ?? Math.floor(Math.random() * 1_000_000));

/** Limits for one command of at most {@link MAX_LENGTH} characters. */
const MAX_MILLISECONDS = 50;
const MAX_BYTES = 50 * 1024 * 1024;

const judge = (command: string) =>
  judgeCommand(withoutShell(command), { folder: "/srv/project", temporary: "/state/tmp" });

/** Returns the least processor time that a command takes, in milliseconds: other work of the process only adds to it. */
function timeOf(command: string): number {
  let least = Infinity;
  for (let run = 0; run < 6 && least > MAX_MILLISECONDS / 3; run++) {
    const start = process.cpuUsage();
    judge(command);
    const { user, system } = process.cpuUsage(start);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

describe("judging a command never throws, and is bounded in time and memory", () => {
  test(`random commands (AUDIT_ROUNDS=${rounds} AUDIT_SEED=${seed})`, () => {
    const random = randomFrom(seed);
    for (const grow of GROWING) judge(grow(40).slice(0, MAX_LENGTH));
    let slowest = { time: 0, command: "" };
    let growth = 0;
    let before = 0;
    for (let round = 0; round < rounds; round++) {
      if (round % 100 === 0) {
        Bun.gc(true);
        before = process.memoryUsage.rss();
      }
      const command = generateCommand(random);
      const time = timeOf(command);
      if (time > slowest.time) slowest = { time, command };
      growth = Math.max(growth, process.memoryUsage.rss() - before);
    }
    console.info(
      `slowest ${slowest.time.toFixed(1)} ms, memory grew by ${Math.round(growth / 1e6)} MB within 100 commands`,
    );
    if (slowest.time >= MAX_MILLISECONDS) expect(slowest.command).toBe("judged in time");
    expect(growth).toBeLessThan(MAX_BYTES);
  });

  for (const [index, grow] of GROWING.entries()) {
    test(`a shape that grows: ${grow(1).slice(0, 60)} (${index})`, () => {
      for (const count of [28, 200, 2000]) {
        const command = grow(count).slice(0, MAX_LENGTH);
        Bun.gc(true);
        const before = process.memoryUsage.rss();
        if (timeOf(command) >= MAX_MILLISECONDS) expect(command).toBe("judged in time");
        expect(process.memoryUsage.rss() - before).toBeLessThan(MAX_BYTES);
      }
    });
  }

  test("what is too much to follow is unknown, not clean", () => {
    const doubling = Array.from({ length: 28 }, (_, index) => `a${index + 1}=$a${index}$a${index}`).join("; ");
    for (const command of [
      `a0=xxxxxxxxxxxxxxxx; ${doubling}; $a28 f`,
      `${"f() { f; f; }; ".repeat(3)}f`,
      "sort {1..999999999}",
      `${"(".repeat(2000)}ls${")".repeat(2000)}`,
      `ls ${"x".repeat(100_000)}`,
    ]) {
      expect([command.slice(0, 80), judge(command).does]).toEqual([command.slice(0, 80), "unknown"]);
    }
  });
});
