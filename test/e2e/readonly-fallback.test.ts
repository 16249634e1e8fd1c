import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ReadonlyAudit } from "#domain/readonly-audit.ts";
import { REVIEW_COMMANDS } from "../fixtures/review-commands.ts";
import { hasLandlock } from "../support/landlock.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { fillForReview, fingerprint, NAMED_ATTEMPTS, namesOf, WRITE_ATTEMPTS } from "../support/review.ts";
import { BINARY, CODEX, World } from "../support/world.ts";

const world = new World();
const isEnforced = hasLandlock(world.root);
if (!isEnforced) console.warn("SKIPPED: this kernel has no Landlock, so that it refuses writes is not tested here");

let client: McpClient;
let repository: string;

beforeAll(async () => {
  world.stub.script("SAY-HELLO", [{ say: "Hello." }]);
  world.stub.script("TRY-TO-WRITE", WRITE_ATTEMPTS);
  world.stub.script("REVIEW", [...REVIEW_COMMANDS.map((run) => ({ run })), { say: "Looks fine." }]);
  repository = await world.repository();
  await fillForReview(repository, world.environment());
  client = await world.client({ CODEXMCP_READONLY_FALLBACK: "1" });
});
afterAll(() => world.close());

const review = (prompt: string, topic: string, cwd = repository) => ({ prompt, topic, cwd, sandbox: "read-only" });
const auditOf = (data: Record<string, unknown>) => data["readonly_audit"] as ReadonlyAudit;
const folderOf = (topic: string) => join(world.stateHome, "tasks", `codex-${topic}`);

describe("with the fallback on", () => {
  test.skipIf(!isEnforced)("nothing is written, and every attempt is named", async () => {
    const before = fingerprint(repository);
    const { data } = await client.call("codex", review("TRY-TO-WRITE", "review-attempts-v1"));
    expect(data).toMatchObject({ success: true, result: "I tried." });
    const audit = auditOf(data);
    expect(audit).toMatchObject({ mode: "fallback", verdict: "VIOLATION", enforcement: "landlock" });
    expect(namesOf(audit).toSorted()).toEqual([...NAMED_ATTEMPTS, join(repository, "patched.txt")].toSorted());
    expect(audit.violations.map((violation) => violation.took_effect)).not.toContain(true);
    expect(audit.evidence.workspace).toMatchObject({ path: repository, not_covered: [] });
    await Bun.sleep(400); // the background writer's time would have come
    expect(fingerprint(repository)).toEqual(before);
  });

  test("a review of ordinary commands is clean", async () => {
    const { data } = await client.call("codex", review("REVIEW", "review-clean-v1"));
    expect(auditOf(data)).toMatchObject({ verdict: "CLEAN", violations_detected: 0, violations: [] });
    expect(auditOf(data).evidence).toMatchObject({ unknown_commands: [], commands_judged: REVIEW_COMMANDS.length });
    const status = await client.call("codex_status", { task_id: "codex-review-clean-v1" });
    expect(status.data["readonly_audit"]).toEqual(data["readonly_audit"]);
  });

  test("a run in which something cannot be judged is called neither clean nor a violation, and people are told", async () => {
    world.stub.script("RUN-A-SCRIPT", [{ run: "sh ./check.sh" }, { say: "ok" }]);
    const { data } = await client.call("codex", review("RUN-A-SCRIPT", "review-unverified-v1"));
    expect(auditOf(data)).toMatchObject({ verdict: "UNVERIFIED", violations: [] });
    expect(data["note"]).toContain("UNVERIFIED");
    const shown = await world.run(world.root, [BINARY, "show", "codex-review-unverified-v1"]);
    expect(shown).toContain("Read-only audit: UNVERIFIED: no violation was found, but not everything could be judged");
    expect(shown).toContain("not judged: sh ./check.sh");
  });

  test("Codex gets the rules before the prompt, runs with full access and with a temporary folder of its own", async () => {
    world.stub.script("WHERE-IS-TMP", [
      { run: "echo tmp=$TMPDIR; echo x > $TMPDIR/x && stat -c %a $TMPDIR" },
      { say: "ok" },
    ]);
    const { data } = await client.call("codex", review("WHERE-IS-TMP", "review-tmp-v1"));
    expect(auditOf(data).verdict).toBe("CLEAN");
    const prompt = world.stub.requests
      .flatMap(({ input }) => input.flatMap(({ content }) => content ?? []))
      .map((part) => part.text);
    expect(prompt.some((text) => text?.startsWith("READ-ONLY TASK.") === true && text.endsWith("WHERE-IS-TMP"))).toBe(
      true,
    );
    const log = readFileSync(join(folderOf("review-tmp-v1"), "codex-exec.log"), "utf8");
    expect(log).toContain(`tmp=${join(folderOf("review-tmp-v1"), "tmp")}\\n700`);
    // Of the run's own folders, nothing is left a moment after the answer; the prompt is as it was given.
    await world.until(() => !readdirSync(folderOf("review-tmp-v1")).includes("workspace-snapshot"));
    expect(readdirSync(folderOf("review-tmp-v1")).toSorted()).toEqual(
      [
        "codex-exec.log",
        "codex-exec.times",
        "codex-stderr.log",
        "confinement.json",
        "live",
        "meta.json",
        "prompt.md",
        "readonly-input.md",
        "result.md",
      ].toSorted(),
    );
    expect(readFileSync(join(folderOf("review-tmp-v1"), "prompt.md"), "utf8")).toBe("WHERE-IS-TMP");
    expect(statSync(join(folderOf("review-tmp-v1"), "readonly-input.md")).mode & 0o777).toBe(0o600);
  });

  test("a workspace that changes while the log shows nothing is a violation", async () => {
    world.stub.script("WAIT-A-LITTLE", [{ run: "cat .wait 2>/dev/null; sleep 1" }, { say: "ok" }]);
    const cwd = world.folder("plain");
    writeFileSync(join(cwd, "a.txt"), "a");
    writeFileSync(join(cwd, "b.txt"), "b");
    const { data } = await client.call("codex_dispatch", review("WAIT-A-LITTLE", "review-changed-v1", cwd));
    const log = String(data["log_file"]);
    await world.until(() => readFileSync(log, "utf8").includes("command_execution"));
    writeFileSync(join(cwd, "a.txt"), "A");
    writeFileSync(join(cwd, "b.txt"), "b"); // the same content: no change
    chmodSync(join(cwd, "b.txt"), 0o600);
    chmodSync(join(cwd, "b.txt"), 0o644);
    writeFileSync(join(cwd, "c.txt"), "c");
    const ended = await world.waitForEnd(client, String(data["task_id"]));
    expect(auditOf(ended)).toMatchObject({
      verdict: "VIOLATION",
      violations: [
        { kind: "workspace", path: "a.txt", change: "content", took_effect: true },
        { kind: "workspace", path: "c.txt", change: "added", took_effect: true },
      ],
    });
  });

  test("what lies in the workspace and belongs to Codex or to the server is not looked at, and that is said", async () => {
    const { data } = await client.call("codex", review("SAY-HELLO", "review-home-v1", world.home));
    const audit = auditOf(data);
    expect(audit.verdict).toBe("CLEAN");
    expect(audit.evidence.workspace).toMatchObject({
      path: world.home,
      not_covered: [world.codexHome, world.stateHome],
    });
  });

  test.skipIf(!isEnforced)("a workspace in Codex's own folder is protected like any other", async () => {
    const inside = join(world.codexHome, "inside");
    mkdirSync(inside);
    world.stub.script("WRITE-THERE", [{ run: "echo x > written.txt" }, { say: "ok" }]);
    const { data } = await client.call("codex", review("WRITE-THERE", "review-inside-v1", inside));
    expect(auditOf(data)).toMatchObject({
      enforcement: "landlock",
      verdict: "VIOLATION",
      violations: [{ kind: "command", took_effect: false }],
    });
    expect(readdirSync(inside)).not.toContain("written.txt");
  });

  test("a run whose supervisor was killed is audited all the same", async () => {
    world.stub.script("WRITE-LATE", [{ run: "sleep 2; echo x > late.txt" }, { say: "ok" }]);
    const { data } = await client.call("codex_dispatch", review("WRITE-LATE", "review-orphan-v1"));
    const log = String(data["log_file"]);
    await world.until(() => readFileSync(log, "utf8").includes("command_execution"));
    const supervisor = world.processes().find(({ command }) => command.includes("run-task codex-review-orphan-v1"));
    process.kill(supervisor?.pid ?? 0, "SIGKILL");
    const ended = await world.waitForEnd(client, String(data["task_id"]));
    expect(ended["status"]).toBe("completed");
    expect(auditOf(ended)).toMatchObject({ verdict: "VIOLATION", enforcement: isEnforced ? "landlock" : "none" });
    expect(existsSync(join(repository, "late.txt"))).toBe(!isEnforced);
  });

  test("a prompt that leaves no room for the rules is refused, the longest that does is taken", async () => {
    const prompt = (bytes: number) => "SAY-HELLO".padEnd(bytes, " x");
    const refused = await client.call("codex", review(prompt(1024 * 1024), "review-long-v1"));
    expect(refused.data).toMatchObject({ success: false, code: "invalid_prompt" });
    const most = Number(/limit is (\d+) bytes/.exec(String(refused.data["error"]))?.[1]);
    expect(most).toBeGreaterThan(1024 * 1024 - 4096);
    const taken = await client.call("codex", review(prompt(most), "review-long-v2"));
    expect(taken.data).toMatchObject({ success: true, result: "Hello." });
  });

  test("a cancelled review is audited, too, and leaves nothing behind", async () => {
    world.stub.script("HANG", [{ run: "echo x > hung.txt; ls" }, { end: "hang" }]);
    const { data } = await client.call("codex_dispatch", review("HANG", "review-cancelled-v1"));
    await world.until(() => readFileSync(String(data["log_file"]), "utf8").includes('"exit_code":0'));
    await client.call("codex_cancel", { task_id: data["task_id"] });
    const { data: ended } = await client.call("codex_status", { task_id: data["task_id"] });
    expect(ended).toMatchObject({ status: "cancelled", readonly_audit: { verdict: "VIOLATION" } });
    expect(readdirSync(folderOf("review-cancelled-v1"))).not.toContain("workspace-snapshot");
  });

  test("Codex's folder is made where there is none yet", async () => {
    // Without Codex's settings there is no model: the run fails, but for that reason.
    const fresh = await world.client({
      CODEXMCP_READONLY_FALLBACK: "1",
      HOME: world.folder("newcomer"),
      CODEX_HOME: undefined,
      HTTPS_PROXY: "http://127.0.0.1:9",
    });
    const { data } = await fresh.call("codex", { ...review("SAY-HELLO", "review-first-v1"), timeout_seconds: 2 });
    expect(data["success"]).toBe(false);
    expect(JSON.stringify(data)).not.toContain("Permission denied");
    expect(existsSync(join(world.root, "newcomer", ".codex", "sessions"))).toBe(true);
  });

  test("full-access tasks are as ever", async () => {
    const { data } = await client.call("codex", { ...review("SAY-HELLO", "implement-x-v1"), sandbox: "full-access" });
    expect(data).toMatchObject({ success: true, agent_branch: "agent/implement-x" });
    expect(data["readonly_audit"]).toBeUndefined();
  });
});

describe("the variable", () => {
  test("unset, 0 or empty: Codex's own sandbox, and no further field", async () => {
    for (const [index, value] of [undefined, "0", ""].entries()) {
      const other = await world.client({ CODEXMCP_READONLY_FALLBACK: value });
      const topic = `review-native-v${index + 1}`;
      const { data } = await other.call("codex", review("SAY-HELLO", topic));
      expect(data["readonly_audit"]).toBeUndefined();
      expect(readdirSync(folderOf(topic))).not.toContain("readonly-input.md");
    }
  });

  test("auto: probed once, and Codex's own sandbox where that works", async () => {
    const probed = Bun.spawnSync([CODEX, "sandbox", "--", "true"], {
      env: world.environment(),
    });
    const works = probed.exitCode === 0;
    if (!works) console.warn("SKIPPED: Codex's sandbox does not work here; that auto uses it is not tested here");
    const auto = await world.client({ CODEXMCP_READONLY_FALLBACK: "auto" });
    const { data } = await auto.call("codex", review("SAY-HELLO", "review-auto-v1"));
    expect(data["readonly_audit"] === undefined).toBe(works);
    const note = join(world.stateHome, "sandbox-probe.json");
    const first = readFileSync(note, "utf8");
    expect(JSON.parse(first)).toMatchObject({ found: works });
    await auto.call("codex", review("SAY-HELLO", "review-auto-v2"));
    expect(readFileSync(note, "utf8")).toBe(first);
  });

  test("auto: the fallback where Codex's sandbox cannot be set up", async () => {
    // A Codex whose sandbox fails as bwrap does without user namespaces; for all else it is the real one.
    const codex = join(world.root, "bin", "codex-without-sandbox");
    const real = world.environment()["CODEXMCP_CODEX_BIN"] ?? "";
    const message = "bwrap: No permissions to create a new namespace";
    writeFileSync(
      codex,
      `#!/bin/sh\nif [ "$1" = sandbox ]; then echo "${message}" >&2; exit 1; fi\nexec '${real}' "$@"\n`,
    );
    chmodSync(codex, 0o755);
    const auto = await world.client({ CODEXMCP_READONLY_FALLBACK: "auto", CODEXMCP_CODEX_BIN: codex });
    const { data } = await auto.call("codex", review("SAY-HELLO", "review-auto-v3"));
    expect(auditOf(data)).toMatchObject({ mode: "fallback", verdict: "CLEAN" });
  });

  test("anything else is refused in words", async () => {
    const other = await world.client({ CODEXMCP_READONLY_FALLBACK: "yes" });
    const { data } = await other.call("codex", review("SAY-HELLO", "review-wrong-v1"));
    expect(data).toMatchObject({ success: false, code: "invalid_configuration" });
    expect(String(data["error"])).toContain("CODEXMCP_READONLY_FALLBACK");
  });
});
