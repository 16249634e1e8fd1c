// The CI job of the examples, with MCP Inspector as the client that starts the task.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findClient } from "../support/real-clients.ts";
import type { Step } from "../support/stub-script.ts";
import { BINARY, World } from "../support/world.ts";

const INSPECTOR = findClient("inspector");
const SCRIPT = join(import.meta.dir, "..", "..", "examples", "ci-review.sh");

const HAS_JQ = Bun.which("jq") !== null;
if (!HAS_JQ) console.warn("SKIPPED: examples/ci-review.sh; it needs jq");

describe.skipIf(INSPECTOR === undefined || !HAS_JQ)("examples/ci-review.sh", () => {
  let world: World;
  let repo: string;

  beforeAll(async () => {
    world = new World();
    repo = await world.repository();
    const bin = world.folder("bin");
    symlinkSync(INSPECTOR ?? "", join(bin, "mcp-inspector"));
    // The Inspector hands few variables on to the server: the world's own come from this program.
    const variables = Object.entries(world.environment()).map(([name, value]) => `export ${name}='${value}'`);
    writeFileSync(join(bin, "codex-mcp-server"), `#!/bin/sh\n${variables.join("\n")}\nexec '${BINARY}' "$@"\n`);
    chmodSync(join(bin, "codex-mcp-server"), 0o755);
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
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toContain("completed");
  }, 60_000);

  test("fails if Codex does not, and prints its findings", async () => {
    const { exitCode, stdout } = await review("bad.txt", answer(false, "bad.txt:1: is wrong"));
    expect(exitCode).toBe(1);
    expect(stdout).toEndWith("bad.txt:1: is wrong\n");
  }, 60_000);

  test("fails if the task does", async () => {
    const { exitCode, stdout } = await review("none.txt", { fail: "The model is gone." });
    expect(exitCode).toBe(1);
    expect(stdout).toContain("failed");
  }, 60_000);
});
