// The CI job of the examples.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Step } from "../support/stub-script.ts";
import { BINARY, World } from "../support/world.ts";

const SCRIPT = join(import.meta.dir, "..", "..", "examples", "ci-review.sh");

const HAS_JQ = Bun.which("jq") !== null;
if (!HAS_JQ) console.warn("SKIPPED: examples/ci-review.sh; it needs jq");

describe.skipIf(!HAS_JQ)("examples/ci-review.sh", () => {
  let world: World;
  let repo: string;

  beforeAll(async () => {
    world = new World();
    repo = await world.repository();
    const bin = world.folder("bin");
    symlinkSync(BINARY, join(bin, "codex-mcp-server"));
  });
  afterAll(() => world.close());

  async function review(file: string, ...steps: Step[]) {
    writeFileSync(join(repo, file), "change\n");
    await world.git(repo, "add", ".");
    await world.git(repo, "commit", "--quiet", "-m", file);
    const base = await world.git(repo, "rev-parse", "HEAD^");
    world.stub.script(`git diff ${base} HEAD`, steps);
    const run = Bun.spawn([SCRIPT, "HEAD^"], {
      cwd: repo,
      env: world.environment(),
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [stdout, stderr] = await Promise.all([run.stdout.text(), run.stderr.text()]);
    return { exitCode: await run.exited, stdout, stderr };
  }

  const answer = (approve: boolean, ...findings: string[]) => ({ say: JSON.stringify({ approve, findings }) });

  test("succeeds if Codex approves", async () => {
    const { exitCode, stdout, stderr } = await review("good.txt", answer(true));
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "" });
    expect(stderr).toMatch(/^codex-review-ci_\w+-v1 \(read-only\) in .*\ncompleted after \d+s\n$/);
  }, 60_000);

  test("fails if Codex does not, and prints its findings", async () => {
    const { exitCode, stdout } = await review("bad.txt", answer(false, "bad.txt:1: is wrong"));
    expect(exitCode).toBe(1);
    expect(stdout).toBe("bad.txt:1: is wrong\n");
  }, 60_000);

  test("fails if the task does", async () => {
    const { exitCode, stdout, stderr } = await review("none.txt", { fail: "The model is gone." });
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toContain("[codex_failed]");
  }, 60_000);
});
