// What Codex needs under the read-only fallback: a Codex that needs more than it is given fails here.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ReadonlyAudit } from "#domain/readonly-audit.ts";
import { REVIEW_COMMANDS } from "../fixtures/review-commands.ts";
import { hasLandlock } from "../support/landlock.ts";
import { isCodexCommand } from "../support/engines.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { fillForReview, fingerprint } from "../support/review.ts";
import { CODE_MODE_MODEL } from "../support/codex-version.ts";
import { codeModeTest } from "../support/newer-codex.ts";
import { BINARY, World } from "../support/world.ts";

const world = new World();
const isEnforced = hasLandlock(world.root);
if (!isEnforced) console.warn("SKIPPED: this kernel has no Landlock, so what Codex needs under it is not tested here");

let confined: McpClient;
let normal: McpClient;
let repository: string;

beforeAll(async () => {
  world.stub.script("SAY-HELLO", [{ say: "Hello." }]);
  repository = await world.repository();
  await fillForReview(repository, world.environment());
  confined = await world.client({ CODEXMCP_READONLY_FALLBACK: "1" });
  // An idle process would write into the user's CODEX_HOME at any time.
  normal = await world.client({ CODEXMCP_READONLY_FALLBACK: "0", CODEXMCP_SPARE: "0" });
});
afterAll(() => world.close());

const review = (prompt: string, topic: string, more: object = {}) => ({
  prompt,
  topic,
  cwd: repository,
  sandbox: "read-only",
  ...more,
});
const auditOf = (data: Record<string, unknown>) => data["readonly_audit"] as ReadonlyAudit;
const folderOf = (topic: string) => join(world.stateHome, "tasks", `codex-${topic}`);
const itemsOf = (topic: string) =>
  readFileSync(join(folderOf(topic), "codex-exec.log"), "utf8")
    .split("\n")
    .filter((line) => line.includes('"item.completed"'))
    .map((line) => (JSON.parse(line) as { item: Record<string, unknown> }).item);
const recordsOf = (session: unknown) =>
  [...new Bun.Glob(`sessions/*/*/*/rollout-*-${String(session)}.jsonl`).scanSync(world.codexHome)].map((path) =>
    join(world.codexHome, path),
  );

describe.skipIf(!isEnforced)("Codex works with the little that it can write to", () => {
  test("commands of every kind, and nothing is said against it on stderr but one known warning", async () => {
    world.stub.script("REVIEW-ALL", [...REVIEW_COMMANDS.map((run) => ({ run })), { say: "Looks fine." }]);
    const { data } = await confined.call("codex", review("REVIEW-ALL", "review-commands-v1"));
    expect(data).toMatchObject({ success: true, result: "Looks fine." });
    expect(auditOf(data)).toMatchObject({
      verdict: "CLEAN",
      evidence: { seccomp: true, capabilities_dropped: true, notes: [] },
    });
    const failed = itemsOf("review-commands-v1").filter((item) => Number(item["exit_code"] ?? 0) !== 0);
    // `rg` and `jq` are not on every machine; without them a command fails with 127, confined or not.
    expect(failed.filter((item) => item["exit_code"] !== 127)).toEqual([]);
    const stderr = readFileSync(join(folderOf("review-commands-v1"), "codex-stderr.log"), "utf8");
    const lines = stderr.split("\n").filter((line) => line !== "" && line !== "Reading prompt from stdin...");
    const known = /could not (?:create PATH aliases|update PATH|find bubblewrap)/;
    expect(lines.filter((line) => !known.test(line))).toEqual([]);
  });

  codeModeTest("code mode, an image, an output schema; a patch and a terminal are refused in words", async () => {
    const image = join(world.root, "dot.png");
    const DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    writeFileSync(image, Buffer.from(DOT, "base64"));
    world.stub.script("CODE-MODE", [
      { js: 'const r = await tools.exec_command({cmd: "echo from-code-mode"}); text(JSON.stringify(r));' },
      { say: "ok" },
    ]);
    const inCodeMode = await confined.call(
      "codex",
      review("CODE-MODE", "review-code_mode-v1", { model: CODE_MODE_MODEL, images: [image] }),
    );
    expect(inCodeMode.data).toMatchObject({ success: true, readonly_audit: { verdict: "CLEAN" } });
    expect(JSON.stringify(itemsOf("review-code_mode-v1"))).toContain("from-code-mode");
    expect(JSON.stringify(world.stub.requests)).toContain("data:image/png;base64,");

    world.stub.script("PATCH-AND-TTY", [
      { patch: "*** Begin Patch\n*** Add File: patched.txt\n+hi\n*** End Patch" },
      { run: "tty", tty: true },
      { run: "echo goes on" },
      { say: "ok" },
    ]);
    const { data } = await confined.call("codex", review("PATCH-AND-TTY", "review-patch-v1"));
    expect(data).toMatchObject({ success: true, readonly_audit: { verdict: "VIOLATION" } });
    expect(auditOf(data).violations).toMatchObject([{ kind: "file_change", took_effect: false }]);
    expect(itemsOf("review-patch-v1").filter(({ type }) => type === "command_execution")).toMatchObject([
      { status: "failed", aggregated_output: expect.stringContaining("openpty") },
      { status: "completed", aggregated_output: "goes on\n" },
    ]);
  });

  test("a session goes on from confined to confined to normal to confined, and its record is whole", async () => {
    const first = await confined.call("codex", review("SAY-HELLO one", "review-session-v1"));
    const { session_id } = first.data;
    expect(recordsOf(session_id)).toHaveLength(1);
    const [record = ""] = recordsOf(session_id);
    expect(statSync(record).mode & 0o777).toBe(0o600);
    const used: unknown[] = [first.data["usage"]];
    for (const [index, client] of [confined, normal, confined].entries()) {
      const from = world.stub.requests.length;
      const { data } = await client.call(
        "codex",
        review(`SAY-HELLO ${index + 2}`, `review-session-v${index + 2}`, { session_id }),
      );
      expect(data).toMatchObject({ success: true, session_id, result: "Hello." });
      expect(JSON.stringify(world.stub.requests.slice(from))).toContain("SAY-HELLO one");
      used.push(data["usage"]);
    }
    expect(new Set(used.map((usage) => JSON.stringify(usage))).size).toBe(1);
    const text = readFileSync(record, "utf8");
    for (const prompt of ["SAY-HELLO one", "SAY-HELLO 2", "SAY-HELLO 3", "SAY-HELLO 4"]) expect(text).toContain(prompt);
    expect(recordsOf(session_id)).toEqual([record]);
  });

  test("while a run lasts, its tokens are told, and the user's CODEX_HOME is as it was", async () => {
    world.stub.script("COUNT-AND-HANG", [{ run: "echo counted" }, { end: "hang" }]);
    const before = fingerprint(world.codexHome);
    const { data } = await confined.call("codex_dispatch", review("COUNT-AND-HANG", "review-count-v1"));
    const shown = async () => world.run(world.root, [BINARY, "show", String(data["task_id"])]);
    await world.until(async () => (await shown()).includes("100 in"));
    expect(fingerprint(world.codexHome)).toEqual(before);
    expect(readdirSync(folderOf("review-count-v1"))).toContain("codex-home");
    await confined.call("codex_cancel", { task_id: data["task_id"] });
  });

  test("a run that lost its supervisor and Codex at once is finished by another, its session kept", async () => {
    world.stub.script("DIE", [{ run: "echo before death" }, { end: "hang" }]);
    const { data } = await confined.call("codex_dispatch", review("DIE", "review-death-v1"));
    await world.until(() => readFileSync(String(data["log_file"]), "utf8").includes('"exit_code":0'));
    const own = world
      .processes()
      .filter(({ command }) => command.includes("review-death-v1") || isCodexCommand(command));
    const supervisor = own.filter(({ command }) => command.includes("run-task"));
    for (const { pid } of [...supervisor, ...own]) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // it went with the other
      }
    }
    const ended = await world.waitForEnd(confined, String(data["task_id"]));
    expect(ended).toMatchObject({ status: "failed", readonly_audit: { enforcement: "landlock" } });
    expect(auditOf(ended).evidence.notes.join(" ")).toContain("whether the log was changed");
    expect(readdirSync(folderOf("review-death-v1"))).not.toContain("codex-home");
    expect(recordsOf(ended["session_id"])).toHaveLength(1);
    const resumed = await normal.call(
      "codex",
      review("SAY-HELLO again", "review-death-v2", { session_id: ended["session_id"] }),
    );
    expect(resumed.data).toMatchObject({ success: true, result: "Hello." });
  });

  test("two runs cannot write to one session at once, confined or not", async () => {
    world.stub.script("HOLD-SESSION", [{ run: "echo held" }, { end: "hang" }]);
    const { data: first } = await confined.call("codex", review("SAY-HELLO", "review-busy-v1"));
    const { session_id } = first;
    for (const [index, [holder, other]] of [
      [confined, normal],
      [normal, confined],
      [confined, confined],
    ].entries()) {
      const holding = review("HOLD-SESSION", `review-busy-v${10 + index}`, { session_id });
      const { data: held } = await (holder as McpClient).call("codex_dispatch", holding);
      await world.until(() => readFileSync(String(held["log_file"]), "utf8").includes("item.completed"));
      const asked = review("SAY-HELLO", `review-busy-v${20 + index}`, { session_id });
      const { data } = await (other as McpClient).call("codex", asked);
      expect(data).toMatchObject({ success: false, code: "session_busy" });
      await confined.call("codex_cancel", { task_id: held["task_id"] });
    }
  });

  test("a session's earlier part cannot be rewritten, nor can it be removed", async () => {
    const { data: first } = await confined.call("codex", review("SAY-HELLO begin", "review-rewrite-v1"));
    const { session_id } = first;
    const [record = ""] = recordsOf(session_id);
    for (const [index, run] of [
      `f=$(find $CODEX_HOME/sessions -name '*${String(session_id)}*'); sed 's/begin/other/' $f > $TMPDIR/r; cat $TMPDIR/r > $f`,
      "rm -r $CODEX_HOME/sessions",
    ].entries()) {
      const before = readFileSync(record, "utf8");
      world.stub.script(`REWRITE-${index}`, [{ run }, { say: "ok" }]);
      const { data } = await confined.call(
        "codex",
        review(`REWRITE-${index}`, `review-rewrite-v${index + 2}`, { session_id }),
      );
      expect(auditOf(data).violations).toContainEqual(
        expect.objectContaining({ kind: "codex_home", took_effect: true }),
      );
      expect(readFileSync(record, "utf8")).toBe(before);
    }
  });
});
