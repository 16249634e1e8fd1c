import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../support/command-line.ts";
import { native, own, ReviewWorld } from "../support/review-world.ts";
import { WireClient, WITH_TASKS } from "../support/wire-client.ts";
import { SEEDED_FAULTS, type SeededFault } from "../support/seeded-faults.ts";

let world: ReviewWorld;

beforeAll(async () => {
  world = new ReviewWorld();
  await world.begin();
});
afterAll(() => world.close());

describe("a seeded fault is found within the diff", () => {
  const form = {
    schema: ({ path, lines, ...rest }: SeededFault) => own({ ...rest, path, lines }),
    native: ({ path, lines, ...rest }: SeededFault) =>
      native(
        // The model points at too much, and at a file that did not change.
        { ...rest, path: join(world.repo, path), lines: [lines[0], lines[1] + 40] },
        { title: "Elsewhere", priority: 3, path: join(world.repo, "README.md"), lines: [1, 1] },
      ),
  };
  for (const kind of ["schema", "native"] as const) {
    test(`${SEEDED_FAULTS.length} faults, answers in the form of ${kind}`, async () => {
      for (const fault of SEEDED_FAULTS) {
        if (fault.before !== undefined) world.write(fault.path, fault.before);
        else rmSync(join(world.repo, fault.path), { force: true });
      }
      await world.commit(`Before ${kind}`);
      for (const fault of SEEDED_FAULTS) {
        world.write(fault.path, fault.after);
        const { data } = await world.review(form[kind](fault));
        const { path, title, priority, lines } = fault;
        expect(data).toMatchObject({
          success: true,
          findings: [{ title, priority, path, confidence: 0.8, first_line: lines[0] }],
          verdict: "incorrect",
        });
        const [found] = data["findings"] as { last_line: number }[];
        const changed = await linesOf(path);
        for (let line = lines[0]; line <= (found?.last_line ?? 0); line++) expect(changed).toContain(line);
        expect(found?.last_line).toBeGreaterThanOrEqual(lines[1]);
        const outside = data["outside_diff"] as unknown[] | undefined;
        expect(outside?.length).toBe(kind === "schema" ? undefined : 1);
        await world.git(world.repo, "stash", "--quiet", "--include-untracked");
        await world.git(world.repo, "stash", "drop", "--quiet");
      }
    }, 240_000);
  }

  /** Lines of a file that its diff shows, counted from the text of the patch. */
  async function linesOf(path: string): Promise<number[]> {
    await world.git(world.repo, "add", "--intent-to-add", ".");
    const patch = await world.git(world.repo, "diff", "--", path);
    const shown: number[] = [];
    let line = 0;
    for (const text of patch.split("\n").slice(4)) {
      const [, start] = /^@@ \S+ \+(\d+)/.exec(text) ?? [];
      if (start !== undefined) line = Number(start);
      else if (!text.startsWith("-")) shown.push(line++);
    }
    await world.git(world.repo, "reset", "--quiet");
    return shown;
  }
});

describe("a review is a task", () => {
  beforeAll(() => world.write("README.md", "# project\nchanged again\n"));

  test("no findings are said in words; they are in status, the record and the resource", async () => {
    const { data } = await world.review(own());
    expect(data).toMatchObject({
      success: true,
      findings: [],
      verdict: "correct",
      summary: "Looked at all of it.",
      note: "No findings.",
    });
    const taskId = String(data["task_id"]);
    const { data: shown } = await world.own.call("codex_status", { task_id: taskId });
    expect(shown).toMatchObject({ sandbox: "read-only", findings: [], note: "No findings." });
    const meta = JSON.parse(readFileSync(join(world.stateHome, "tasks", taskId, "meta.json"), "utf8")) as object;
    expect(meta).toMatchObject({ review: "uncommitted", findings: [] });
    const { contents } = await world.own.sdk.readResource({ uri: `codex://tasks/${taskId}/result` });
    expect(contents).toMatchObject([{ text: "No findings.\n\nLooked at all of it." }]);
  });

  test("its session can be asked about a finding", async () => {
    const { data } = await world.review(own({ path: "README.md", lines: [2, 2], title: "Wrong word" }));
    world.stub.script("EXPLAIN-IT", [{ say: "Because." }]);
    const { data: next } = await world.own.call("codex", { prompt: "EXPLAIN-IT: finding 1", resume: data["task_id"] });
    expect(next).toMatchObject({ success: true, result: "Because.", session_id: data["session_id"] });
    expect(next["findings"]).toBeUndefined();
    expect(JSON.stringify(world.stub.requests.at(-1)?.input)).toContain("Wrong word");
  });

  test("a call that the client's limit cuts off is continued by codex_wait; a cancelled review has no findings", async () => {
    const { promise: isAnswered, resolve: answer } = Promise.withResolvers<void>();
    const client = await world.client({ CODEXMCP_CALL_LIMIT_SECONDS: "1" });
    const start = async (focus: string) => client.call("codex_review", { cwd: world.repo, focus });
    world.stub.script("CUT-OFF", [{ until: () => isAnswered }, { say: own({ path: "README.md", lines: [2, 2] }) }]);
    const { data: cut } = await start("CUT-OFF");
    expect(cut).toMatchObject({ status: "running", next: expect.stringContaining("codex_wait") });
    answer();
    const { data } = await world.own.call("codex_wait", { task_ids: [cut["task_id"]] });
    expect(data["done"]).toMatchObject([{ success: true, findings: [{ path: "README.md" }] }]);
    world.stub.script("CANCELLED", [{ run: "sleep 300" }, { say: own() }]);
    const { data: running } = await start("CANCELLED");
    await world.own.call("codex_cancel", { task_id: running["task_id"] });
    const ended = await world.waitForEnd(world.own, String(running["task_id"]));
    expect(ended).toMatchObject({ status: "cancelled", code: "cancelled" });
    expect(ended["findings"]).toBeUndefined();
  });

  test("a client with the extension for tasks gets one, whose result has the findings", async () => {
    const wire = new WireClient(world);
    world.stub.script("AS-A-TASK", [{ say: own({ path: "README.md", lines: [2, 2] }) }]);
    const params = { name: "codex_review", arguments: { cwd: world.repo, focus: "AS-A-TASK" } };
    const { result } = await wire.askModern("tools/call", params, WITH_TASKS);
    expect(result).toMatchObject({ resultType: "task" });
    const { taskId } = result as unknown as { taskId: string };
    const get = async () => (await wire.askModern("tasks/get", { taskId }, WITH_TASKS)).result;
    await world.until(async () => (await get())?.["status"] !== "working");
    const structuredContent = { success: true, findings: [{ path: "README.md", first_line: 2 }] };
    expect(await get()).toMatchObject({ status: "completed", result: { structuredContent } });
    await wire.close();
  });

  test("a review whose supervisor was killed is finished from its files, by whichever process looks", async () => {
    const { promise: isAnswered, resolve: answer } = Promise.withResolvers<void>();
    world.stub.script("KILLED", [{ until: () => isAnswered }, { say: own({ path: "README.md", lines: [2, 2] }) }]);
    const args = ["review", "--detach", "--focus", "KILLED"];
    const { stdout } = await runCli(world, args, {}, world.repo);
    const taskId = stdout.trim();
    const supervisors = () => world.processes().filter(({ command }) => command.includes(`run-task ${taskId}`));
    await world.until(() => world.stub.requests.some(({ input }) => JSON.stringify(input).includes("KILLED")));
    for (const { pid } of supervisors()) process.kill(pid, "SIGKILL");
    await world.until(() => supervisors().length === 0);
    // An uncommitted change may be gone at the end: the diff is the one that was reviewed.
    await world.git(world.repo, "checkout", "--quiet", "--", "README.md");
    answer();
    const ended = await world.waitForEnd(world.own, taskId);
    expect(ended).toMatchObject({ status: "completed", findings: [{ path: "README.md", first_line: 2 }] });
    world.write("README.md", "# project\nchanged again\n");
  });

  test("the model is bound by a schema", () => {
    const request = world.stub.requests.find(({ input }) => JSON.stringify(input).includes("FOCUS-1-"));
    expect(request?.text?.format).toMatchObject({
      type: "json_schema",
      schema: { required: ["findings", "summary", "verdict"] },
    });
  });
});

describe("the command review", () => {
  const OUTPUT = `P0 README.md:2 Second (confidence 80%)
   Why: Second.

P2 README.md:1-2 First (confidence 80%)
   Why: First.

2 findings (1 P0, 1 P2). The changes are incorrect as a whole.
Looked at all of it.
`;

  test("prints the findings, and fails only for those that --fail-on names", async () => {
    world.write("README.md", "# changed\nby hand\n");
    const answer = own(
      { path: "README.md", lines: [1, 2], title: "First", priority: 2 },
      { path: "README.md", lines: [2, 2], title: "Second", priority: 0 },
    );
    world.stub.script("COMMAND-FOCUS", [{ say: answer }]);
    const args = ["review", "--focus", "COMMAND-FOCUS"];
    expect(await runCli(world, args, {}, world.repo)).toMatchObject({ exitCode: 0, stdout: OUTPUT });
    expect(await runCli(world, [...args, "--fail-on", "P0"], {}, world.repo)).toMatchObject({
      exitCode: 3,
      stdout: OUTPUT,
    });
    world.stub.script("COMMAND-FOCUS", [{ say: own({ path: "README.md", lines: [1, 2], priority: 2 }) }]);
    expect(await runCli(world, [...args, "--fail-on", "P1"], {}, world.repo)).toMatchObject({ exitCode: 0 });
    const { exitCode, stdout } = await runCli(world, [...args, "--json", "-q"], {}, world.repo);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ success: true, findings: [{ priority: 2, path: "README.md" }] });
    const { task_id } = JSON.parse(stdout) as { task_id: string };
    const show = await runCli(world, ["show", task_id], {}, world.repo);
    expect(show.stdout).toContain("P2 README.md:1-2 Fault");
  });
});
