// A review whose answer cannot be read: its session is asked once more in the same run.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../support/command-line.ts";
import { isCodexCommand } from "../support/engines.ts";
import { hasLandlock } from "../support/landlock.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { TOKENS_PER_ANSWER } from "../support/model-stub.ts";
import { own, ReviewWorld } from "../support/review-world.ts";

let world: ReviewWorld;

beforeAll(async () => {
  world = new ReviewWorld();
  await world.begin();
  world.write("README.md", "# project\nchanged\n");
});
afterAll(() => world.close());

const GOOD = own({ path: "README.md", lines: [2, 2], title: "Wrong word" });
/** Marker of the text that asks for another answer. */
const REPAIR = "Answer again, with the same findings";
const timesAsked = (focus: string) => {
  const texts = world.stub.requests.map(({ input }) => JSON.stringify(input)).filter((text) => text.includes(focus));
  return texts.map((text) => text.split(REPAIR).length - 1);
};

for (const engine of ["app-server", "exec"]) {
  describe(`with the engine ${engine}`, () => {
    let client: McpClient;
    beforeAll(async () => {
      client = await world.client({ CODEXMCP_ENGINE: engine });
    });
    const review = async (focus: string, more: object = {}) =>
      client.call("codex_review", { target: "uncommitted", cwd: world.repo, focus, ...more });

    test("a malformed answer is repaired once, in the same session and run, and told what was wrong", async () => {
      const focus = `REPAIRED-${engine}-`;
      world.stub.script(focus, [{ say: '{"findings": [{"title": "Wrong word"}]}' }]);
      world.stub.script(REPAIR, [{ say: GOOD }]);
      const { data } = await review(focus);
      expect(data).toMatchObject({
        success: true,
        findings: [{ title: "Wrong word", path: "README.md", first_line: 2 }],
        usage: { output_tokens: 2 * TOKENS_PER_ANSWER.output },
      });
      expect(timesAsked(focus)).toEqual([0, 1]);
      const last = world.stub.requests.findLast(({ input }) => JSON.stringify(input).includes(focus));
      expect(JSON.stringify(last?.input)).toContain("has a finding (number 1) that has an invalid body");
      expect(last?.text?.format).toMatchObject({ type: "json_schema" });
    });

    test("after a second malformed answer it fails, with the text as its result", async () => {
      const focus = `UNREADABLE-${engine}-`;
      world.stub.script(focus, [{ say: "All is fine, I think." }]);
      world.stub.script(REPAIR, [{ say: "As I said: it is fine." }]);
      const { isError, data } = await review(focus);
      expect(isError).toBe(true);
      expect(data).toMatchObject({
        status: "failed",
        code: "review_unreadable",
        error: "Codex's review cannot be read: its answer is not a JSON object.",
        result: "As I said: it is fine.",
      });
      expect(data["findings"]).toBeUndefined();
      expect(timesAsked(focus)).toEqual([0, 1]);
    });
  });
}

test("the client is gone: the supervisor repairs all the same", async () => {
  const focus = "WITHOUT-CLIENT-";
  const { promise: isAnswered, resolve: answer } = Promise.withResolvers<void>();
  world.stub.script(focus, [{ until: () => isAnswered }, { say: "[]" }]);
  world.stub.script(REPAIR, [{ say: GOOD }]);
  const client = await world.client();
  const call = client.call("codex_review", { target: "uncommitted", cwd: world.repo, focus }).catch(() => undefined);
  await world.until(() => timesAsked(focus).length > 0);
  await client.close();
  await call;
  answer();
  const { data: page } = await world.own.call("codex_status", { cwd: world.repo, limit: 1 });
  const [task] = page["tasks"] as { task_id: string }[];
  const data = await world.waitForEnd(world.own, task?.task_id ?? "");
  expect(data).toMatchObject({ status: "completed", findings: [{ title: "Wrong word" }] });
});

test("the supervisor is gone, too, when the answer comes: another one repairs it", async () => {
  const focus = "WITHOUT-SUPERVISOR-";
  const { promise: isAnswered, resolve: answer } = Promise.withResolvers<void>();
  world.stub.script(focus, [{ until: () => isAnswered }, { say: "Looks good." }]);
  world.stub.script(REPAIR, [{ say: GOOD }]);
  const args = ["review", "--detach", "--focus", focus];
  const { stdout } = await runCli(world, args, { CODEXMCP_ENGINE: "exec" }, world.repo);
  const taskId = stdout.trim();
  const find = (isWanted: (command: string) => boolean) => world.processes().filter(({ command }) => isWanted(command));
  const supervisor = () => find((command) => command.includes(`run-task ${taskId}`))[0]?.pid ?? 0;
  await world.until(() => timesAsked(focus).length > 0);
  process.kill(supervisor(), "SIGSTOP");
  answer();
  await world.until(() => find(isCodexCommand).length === 0);
  process.kill(supervisor(), "SIGKILL");
  const data = await world.waitForEnd(world.own, taskId);
  expect(data).toMatchObject({ status: "completed", findings: [{ title: "Wrong word" }] });
  expect(timesAsked(focus)).toEqual([0, 1]);
});

test.skipIf(!hasLandlock("/var/tmp"))("under the read-only fallback", async () => {
  const focus = "FALLBACK-REVIEW-";
  world.stub.script(focus, [
    { run: "git -c core.fsmonitor=false diff --no-ext-diff --no-textconv --ignore-submodules=dirty HEAD" },
    { say: "not JSON" },
  ]);
  world.stub.script(REPAIR, [{ say: GOOD }]);
  const client = await world.client({ CODEXMCP_READONLY_FALLBACK: "1" });
  const { data } = await client.call("codex_review", { target: "uncommitted", cwd: world.repo, focus });
  expect(data).toMatchObject({
    success: true,
    findings: [{ title: "Wrong word", path: "README.md", first_line: 2, last_line: 2 }],
    readonly_audit: { verdict: "CLEAN" },
  });
  const { task_id } = data;
  const log = readFileSync(join(world.stateHome, "tasks", String(task_id), "codex-exec.log"), "utf8");
  expect(log).toContain(REPAIR);
});
