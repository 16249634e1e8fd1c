// Texts of any kind are judged without an error, within limits of time and memory, which a process of its own keeps.
import { expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import * as fc from "fast-check";
import { runs } from "../support/property.ts";
import { shellTexts } from "../support/shell-texts.ts";

/** A text that took exponential time would never be judged. */
const DEADLINE_MS = 100_000;
const MAX_MEMORY_BYTES = 1024 * 1024 * 1024;

test("commands of any form and depth are judged", async () => {
  const { numRuns = 0, seed = 0 } = runs(0.2);
  const commands = fc.sample(shellTexts, { numRuns, seed });
  const lines = commands.map((command) => JSON.stringify(command));
  await using child = Bun.spawn(["bun", fileURLToPath(import.meta.resolve("../support/judge-many.ts"))], {
    stdin: Buffer.from(`${lines.join("\n")}\n`),
    stderr: "inherit",
    timeout: DEADLINE_MS,
    killSignal: "SIGKILL",
  });
  const judged = (await child.stdout.text()).split("\n").slice(0, -1);
  await child.exited;
  const next = lines[judged.length]?.slice(0, 2000);
  expect({ judged: judged.length, next }, `PROPERTY_SEED=${seed}`).toEqual({
    judged: commands.length,
    next: undefined,
  });
  expect(judged.filter((line) => !/^(?:reads|writes|unknown) \d+ \d+ \d+ \d+$/.test(line))).toEqual([]);
  expect(child.exitCode).toBe(0);
  expect(child.resourceUsage()?.maxRSS).toBeLessThan(MAX_MEMORY_BYTES);
}, 120_000);
