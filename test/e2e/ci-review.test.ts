// The CI job of the examples.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import type { Step } from "../support/stub-script.ts";
import { own, ReviewWorld } from "../support/review-world.ts";
import { BINARY } from "../support/world.ts";

const SCRIPT = join(import.meta.dir, "..", "..", "examples", "ci-review.sh");

describe("examples/ci-review.sh", () => {
  let world: ReviewWorld;

  beforeAll(async () => {
    world = new ReviewWorld();
    await world.begin();
    const bin = world.folder("bin");
    symlinkSync(BINARY, join(bin, "codex-mcp-server"));
  });
  afterAll(() => world.close());

  async function review(file: string, ...steps: Step[]) {
    world.write(file, "change\n");
    await world.commit(file);
    world.stub.script(`"${file}" (added)`, steps);
    const run = Bun.spawn([SCRIPT, "HEAD^"], {
      cwd: world.repo,
      env: world.environment(),
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [stdout, stderr] = await Promise.all([run.stdout.text(), run.stderr.text()]);
    return { exitCode: await run.exited, stdout, stderr };
  }

  test("succeeds if Codex finds nothing", async () => {
    const { exitCode, stdout, stderr } = await review("good.txt", { say: own() });
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: "No findings. The changes are correct as a whole.\nLooked at all of it.\n",
    });
    expect(stderr).toMatch(/^codex-review-since_\w+-v1 \(read-only\) in .*\ncompleted after \d+s\n$/);
  }, 60_000);

  test("fails for a finding that must be fixed, and prints it; not for a lesser one", async () => {
    const bad = await review("bad.txt", {
      say: own({ title: "Is wrong", priority: 1, path: "bad.txt", lines: [1, 1] }),
    });
    expect(bad.exitCode).toBe(3);
    expect(bad.stdout).toStartWith("P1 bad.txt:1 Is wrong (confidence 80%)\n   Why: Is wrong.\n");
    const minor = await review("minor.txt", { say: own({ priority: 2, path: "minor.txt", lines: [1, 1] }) });
    expect(minor.exitCode).toBe(0);
    expect(minor.stdout).toStartWith("P2 minor.txt:1 Fault");
  }, 60_000);

  test("fails if the task does", async () => {
    const { exitCode, stdout, stderr } = await review("none.txt", { fail: "The model is gone." });
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toContain("[codex_failed]");
  }, 60_000);
});
