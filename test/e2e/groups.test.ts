// A group of tries: waited for, shown, and cancelled together, and no more of them at once than the limit.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { escalation } from "../support/asking-tasks.ts";
import { runCli } from "../support/command-line.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { TaskWorld } from "../support/task-world.ts";
import { BINARY } from "../support/world.ts";
import { linesOf, recordOf, scriptTries, workIn } from "../support/tries.ts";

let world: TaskWorld;
let client: McpClient;
let repository: string;

beforeAll(async () => {
  world = new TaskWorld();
  scriptTries(world);
  client = await world.client();
  repository = await world.repository();
});
afterAll(() => world.close());

const work = (topic: string, more: object = {}) => workIn(repository, topic, more);
const statusOf = async (taskId: string) => (await client.call("codex_status", { task_id: taskId })).data;

describe("a group", () => {
  test("is not mistaken for a task, nor a task for it; where one task is meant, the error lists them", async () => {
    // A task whose name begins like the group's.
    await client.call("codex", { prompt: "SAY-HELLO", cwd: repository, topic: "review-names_more-v1" });
    await client.call("codex", { prompt: "SAY-HELLO", cwd: repository, topic: "names", tries: 2 });
    await client.call("codex", { prompt: "SAY-HELLO", cwd: repository, topic: "review-names-v1" });
    expect(linesOf(await statusOf("review-names"))).toHaveLength(2);
    expect(await statusOf("review-names-v1")).toMatchObject({ task_id: "codex-review-names-v1" });
    expect(await statusOf("review-names_m")).toMatchObject({ task_id: "codex-review-names_more-v1" });
    const { isError, data } = await client.call("codex_diff", { task_id: "review-names" });
    expect(isError).toBe(true);
    expect(data).toMatchObject({
      code: "unknown_task",
      error: "review-names is a group of 2 tries, not a task.",
      hint: "Name one of them: codex-review-names_try1-v1, codex-review-names_try2-v1.",
    });
  });

  test("with some that fail: no error, but no success either; with none that succeeds, an error", async () => {
    const variants = [{ prompt_suffix: "" }, { prompt_suffix: "FAIL-IT" }];
    world.stub.script("SOME-FAIL\n\nFAIL-IT", [{ fail: "It went wrong." }]);
    world.stub.script("SOME-FAIL", [{ say: "Good." }]);
    const some = await client.call("codex", { prompt: "SOME-FAIL", cwd: repository, topic: "some", variants });
    expect(some).toMatchObject({ isError: false, data: { success: false } });
    expect(linesOf(some.data).map(({ status }) => status)).toEqual(["completed", "failed"]);
    const none = await client.call("codex", { prompt: "FAIL-IT", cwd: repository, topic: "none", tries: 2 });
    expect(none).toMatchObject({ isError: true, data: { success: false } });
  });

  test("a client that waits no longer is told how to wait for the group; a cancel of the group ends all", async () => {
    const hasty = await world.client({ CODEXMCP_CALL_LIMIT_SECONDS: "2" });
    const { data } = await hasty.call("codex", work("hasty", { prompt: "FOREVER", tries: 2 }));
    expect(data["success"]).toBeUndefined();
    expect(linesOf(data).map(({ status }) => status)).toEqual(["running", "running"]);
    expect(String(data["next"])).toContain('codex_wait with task_ids ["implement-hasty"]');
    const { data: cancelled } = await client.call("codex_cancel", { task_id: "implement-hasty" });
    expect(cancelled).toMatchObject({ group: "implement-hasty" });
    expect(linesOf(cancelled).map(({ status }) => status)).toEqual(["cancelled", "cancelled"]);
    expect(world.processes().filter(({ command }) => command.includes("sleep 600"))).toEqual([]);
  });

  test("a cancel of the call cancels all", async () => {
    const stop = new AbortController();
    const call = client.sdk.callTool(
      { name: "codex", arguments: work("stopped", { prompt: "FOREVER", tries: 2 }) },
      undefined,
      { signal: stop.signal },
    );
    const ended = call.catch((error: unknown) => error);
    await world.until(() => world.processes().filter(({ command }) => command.endsWith("sleep 600")).length === 2);
    stop.abort();
    await ended;
    const { data } = await client.call("codex_wait", {
      task_ids: ["implement-stopped"],
      mode: "all",
      timeout_seconds: 60,
    });
    expect(data["done"]).toMatchObject([{ status: "cancelled" }, { status: "cancelled" }]);
  });

  test("a try that asks ends the wait, and the answer says how to answer it", async () => {
    const asking = await world.client({ CODEXMCP_ENGINE: "app-server" });
    const outside = join(world.root, "outside");
    world.stub.script("ASK-IT", [escalation(outside), { say: "It is done." }]);
    const variants = ["ASK-IT", "MAKE-IT"].map((prompt_suffix) => ({ prompt_suffix }));
    const request = work("asking", { prompt: "Do it.", sandbox: "workspace-write", approvals: "ask", variants });
    const { data } = await asking.call("codex", request);
    const task_id = linesOf(data)[0]?.task_id;
    expect(linesOf(data)[0]).toMatchObject({ status: "waiting", questions: [{}] });
    expect(String(data["next"])).toContain("call codex_send");
    const [, answer] = /answer: "([^"]+)"/.exec(String(data["next"])) ?? [];
    await asking.call("codex_send", { task_id, answer, message: "accept" });
    const { data: waited } = await client.call("codex_wait", {
      task_ids: ["implement-asking"],
      mode: "all",
      timeout_seconds: 60,
    });
    expect(waited["done"]).toMatchObject([{ result: "It is done." }, { success: true }]);
    expect(existsSync(outside)).toBe(true);
  });

  test("no more run at once than the limit; a cancel of the group starts none of those that wait", async () => {
    const limited = await world.client({ CODEXMCP_MAX_CONCURRENT: "1" });
    let [active, most] = [0, 0];
    const gates = [1, 2, 3].map((number) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const until = async () => {
        most = Math.max(most, ++active);
        await promise;
        active--;
      };
      world.stub.script(`LIMITED-${number}`, [{ until }, { say: `${number} is done.` }]);
      return resolve;
    });
    const variants = [1, 2, 3].map((number) => ({ prompt_suffix: `LIMITED-${number}` }));
    const started = await limited.call("codex_dispatch", work("limited", { prompt: "Work.", variants }));
    expect(linesOf(started.data).map(({ status }) => status)).toEqual(["running", "queued", "queued"]);
    for (const open of gates) {
      await world.until(() => active === 1);
      const states = linesOf(await statusOf("implement-limited")).map(({ status }) => status);
      expect(states.filter((status) => status === "running")).toHaveLength(1);
      open();
      await world.until(() => active === 0 || most > 1);
    }
    const { data: waited } = await client.call("codex_wait", {
      task_ids: ["implement-limited"],
      mode: "all",
      timeout_seconds: 60,
    });
    expect(waited["done"]).toMatchObject([1, 2, 3].map((number) => ({ result: `${number} is done.` })));
    expect(most).toBe(1);
    const requests = world.stub.requests.length;
    await limited.call("codex_dispatch", work("waiting", { prompt: "FOREVER", tries: 3 }));
    await limited.call("codex_cancel", { task_id: "implement-waiting" });
    expect(linesOf(await statusOf("implement-waiting")).map(({ status }) => status)).toEqual(
      Array.from({ length: 3 }, () => "cancelled"),
    );
    // Only the first asked the model.
    expect(world.stub.requests.length - requests).toBeLessThanOrEqual(1);
  });
});

describe("the command line", () => {
  const run = (...args: string[]) => runCli(world, args, {}, repository);

  test("run --tries waits for all and prints a table; wait, show, cancel and discard take the group", async () => {
    const done = await run("run", "--full-access", "--topic", "by hand", "--tries", "2", "MAKE-IT");
    expect({ exitCode: done.exitCode, stderr: done.stderr }).toMatchObject({ exitCode: 0 });
    expect(done.stdout).toMatch(/^TASK .*\n.*implement-by_hand_try1-v1 .*\n.*implement-by_hand_try2-v1 /);
    expect(done.stderr).toContain("codex-mcp-server compare implement-by_hand");
    const shown = await run("show", "implement-by_hand", "--json");
    expect(JSON.parse(shown.stdout)).toMatchObject({ group: "implement-by_hand", tasks: [{}, {}] });
    const waited = await run("wait", "implement-by_hand");
    expect(waited).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/try1.*\n.*try2/) as string });
    expect((await run("cancel", "implement-by_hand")).stdout.match(/already ended/g)).toHaveLength(2);
    expect((await run("diff", "implement-by_hand")).stderr).toContain("is a group of 2 tries");
    expect((await run("discard", "implement-by_hand")).stdout.match(/^discarded /gm)).toHaveLength(2);
  });

  test("variants, detached: the ids, one a line; --json has all facts", async () => {
    const args = [
      "run",
      "-d",
      "--topic",
      "vary",
      "--variant",
      "model=model-a,effort=low",
      "--variant",
      "prompt=Be, brief",
    ];
    const started = await run(...args, "SAY-HELLO");
    expect(started.stdout).toBe("codex-review-vary_try1-v1\ncodex-review-vary_try2-v1\n");
    await run("wait", "review-vary");
    expect(recordOf(world, "codex-review-vary_try1-v1")).toMatchObject({ model: "model-a", reasoning_effort: "low" });
    expect(readFileSync(join(world.folderOf("codex-review-vary_try2-v1"), "prompt.md"), "utf8")).toBe(
      "SAY-HELLO\n\nBe, brief",
    );
    const json = await run("run", "--json", "--topic", "vary", "--tries", "2", "SAY-HELLO");
    expect(JSON.parse(json.stdout)).toMatchObject({ success: true, group: "review-vary_2", tasks: [{}, {}] });
  });

  test("Ctrl-C stops all tries", async () => {
    const args = ["run", "--full-access", "--topic", "by signal", "--tries", "3", "FOREVER"];
    const job = Bun.spawn([BINARY, ...args], {
      cwd: repository,
      env: world.environment(),
      stdio: ["ignore", "pipe", "pipe"],
    });
    const sleeping = () => world.processes().filter(({ command }) => command.endsWith("sleep 600"));
    await world.until(() => sleeping().length === 3);
    job.kill("SIGINT");
    expect(await job.exited).toBe(130);
    expect(sleeping()).toEqual([]);
    expect((await job.stdout.text()).match(/– cancelled/g)).toHaveLength(3);
  });

  test("completion offers groups where all their tasks can be meant", async () => {
    const offered = await run("complete", "--", "compare", "implement-by_s");
    expect(offered.stdout).toStartWith("implement-by_signal\tgroup of 3\nimplement-by_signal_try3-v1\t");
    expect((await run("complete", "--", "diff", "implement-by_s")).stdout).not.toMatch(/^implement-by_signal\t/m);
  });

  test.each([
    ["--variant", "speed=fast"],
    ["--variant", "model"],
    ["--tries", "0"],
    ["--tries", "11"],
  ])("%s %s is refused", async (option, value) => {
    const { exitCode, stdout } = await run("run", option, value, "SAY-HELLO");
    expect({ exitCode: exitCode !== 0, stdout }).toEqual({ exitCode: true, stdout: "" });
  });
});
