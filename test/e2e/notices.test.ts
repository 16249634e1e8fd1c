// Notices of ended tasks: `CODEXMCP_ON_END` and `CODEXMCP_WEBHOOK`.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../support/command-line.ts";
import { NoticesWorld, WEBHOOK_SECRET } from "../support/notices-world.ts";

const LONG = "A long result. ".repeat(20_000);

let world: NoticesWorld;

beforeAll(() => {
  world = new NoticesWorld();
  world.stub.script("LONG", [{ say: LONG }]);
  world.stub.script("ENVIRONMENT", [{ run: "env; tr '\\0' '\\n' < /proc/self/environ" }, { say: "Printed." }]);
});
afterAll(() => world.close());

test("command and webhook are called once, the message is signed, and show and doctor say so", async () => {
  await world.runTask("SAY-HELLO", "review-plain-v1", world.wanted());
  expect(await world.untilGiven("review-plain-v1")).toEqual({ command: "done", webhook: "done" });
  expect(world.callsOf("review-plain-v1")).toBe(1);
  const [delivery, ...others] = world.deliveriesOf("review-plain-v1");
  expect(others).toEqual([]);
  expect(delivery).toMatchObject({
    type: "task.completed",
    isSigned: true,
    data: { task_id: "codex-review-plain-v1", status: "completed", result: "Hello." },
  });
  expect((await runCli(world, ["show", "review-plain-v1"])).stdout).toMatch(/^notices +command done; webhook done$/m);
  expect((await runCli(world, ["doctor"])).stdout).toContain("2 notices of ended tasks given");
});

test("neither secret nor address is in an argument, a lasting file, Codex's environment, or what doctor prints", async () => {
  const lines: string[] = [];
  const look = setInterval(() => lines.push(...world.processes().map(({ command: line }) => line)), 20);
  await runCli(world, ["run", "--full-access", "--topic", "implement-secret-v1", "ENVIRONMENT"], world.wanted());
  await world.untilGiven("implement-secret-v1");
  clearInterval(look);
  expect(lines.some((line) => line.includes("end-hook") || line.includes("run-task"))).toBe(true);
  expect(lines.filter((line) => line.includes(WEBHOOK_SECRET) || line.includes("a-secret-path"))).toEqual([]);
  const log = readFileSync(join(world.folderOf("codex-implement-secret-v1"), "codex-exec.log"), "utf8");
  expect(log).toContain("CODEXMCP_ON_END=");
  for (const text of [WEBHOOK_SECRET, "a-secret-path"]) {
    const found = await Bun.$`grep -rlF ${text} ${world.stateHome}`.nothrow().quiet().text();
    expect(found).toBe("");
  }
  const { stdout } = await runCli(world, ["doctor"], world.wanted());
  expect(stdout).toContain("CODEXMCP_WEBHOOK=(set)");
  expect(stdout).not.toContain("a-secret-path");
});

test("a command that does not read a long record neither hangs nor fails; a receiver gets it shortened", async () => {
  const environment = world.wanted({ CODEXMCP_ON_END: "true" });
  await world.runTask("LONG", "review-long-v1", environment);
  expect(await world.untilGiven("review-long-v1", environment)).toEqual({ command: "done", webhook: "done" });
  expect(world.deliveriesOf("review-long-v1")[0]?.data["shortened"]).toEqual(["result"]);
  const copy = join(world.root, "copy");
  const reading = world.wanted({ CODEXMCP_ON_END: `cat > '${copy}'` });
  await world.runTask("LONG", "review-long_read-v1", reading);
  await world.untilGiven("review-long_read-v1", reading);
  expect(JSON.parse(readFileSync(copy, "utf8"))).toMatchObject({ status: "completed", result: LONG });
});

test("a command that fails or is missing is said, and not tried again", async () => {
  const missing = { CODEXMCP_ON_END: `echo x >> '${world.calls}-failed'; no-such-program` };
  await world.runTask("SAY-HELLO", "review-missing-v1", missing);
  expect(await world.untilGiven("review-missing-v1", missing)).toEqual({ command: "failed: exit status 127" });
  expect(readFileSync(`${world.calls}-failed`, "utf8")).toBe("x\n");
  const { stdout } = await runCli(world, ["doctor"], missing);
  expect(stdout).toContain(
    "1 notice of ended tasks failed (codex-review-missing-v1, command: failed: exit status 127)",
  );
});

test("a cancelled task and one that could not be done have notices, too", async () => {
  world.stub.script("REFUSED", [{ httpStatus: 401 }]);
  await world.runTask("REFUSED", "review-refused-v1", world.wanted());
  await world.untilGiven("review-refused-v1");
  expect(world.deliveriesOf("review-refused-v1").map(({ type }) => type)).toEqual(["task.failed"]);
  await runCli(world, ["run", "--detach", "--topic", "review-cancelled-v1", "FOREVER"], world.wanted());
  await runCli(world, ["cancel", "review-cancelled-v1"], world.wanted());
  await world.untilGiven("review-cancelled-v1");
  expect(world.deliveriesOf("review-cancelled-v1").map(({ type }) => type)).toEqual(["task.cancelled"]);
  expect(world.callsOf("review-cancelled-v1")).toBe(1);
});

test("an address that is none is refused, without showing it", async () => {
  for (const value of ["ftp://host/a-secret-path", "host/a-secret-path", "https://me:a-secret-path@host/"]) {
    const { stderr, exitCode } = await world.runTask("SAY-HELLO", "review-address-v1", { CODEXMCP_WEBHOOK: value });
    expect(exitCode).toBe(1);
    expect(stderr).toContain("CODEXMCP_WEBHOOK must be an address that begins with http:// or https://");
    expect(stderr).not.toContain("a-secret-path");
  }
  const { stderr } = await world.runTask("SAY-HELLO", "review-secret-v1", {
    CODEXMCP_WEBHOOK_SECRET: "whsec_not*base64",
  });
  expect(stderr).toContain("CODEXMCP_WEBHOOK_SECRET must be Base64 after whsec_.");
  expect(stderr).not.toContain("not*base64");
});
