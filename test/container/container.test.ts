import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ReadonlyAudit } from "#domain/readonly-audit.ts";
import { buildBinary } from "../../scripts/build.ts";
import { targetNamed } from "../../scripts/targets.ts";
import { REVIEW_COMMANDS } from "../fixtures/review-commands.ts";
import { Container, whyNoContainer } from "../support/container.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { fillForReview, fingerprint, NAMED_ATTEMPTS, namesOf, WRITE_ATTEMPTS } from "../support/review.ts";
import { World } from "../support/world.ts";

const reason = whyNoContainer();
if (reason !== undefined) console.warn(`SKIPPED: no test in a real container: ${reason}`);

describe.skipIf(reason !== undefined)("in a container without user namespaces, not root, on a read-only root", () => {
  let world: World;
  let container: Container;
  let repository: string;
  let writtenTo: string;
  let client: McpClient;
  const clients: McpClient[] = [];

  const start = async (...args: Parameters<Container["client"]>) => {
    const started = await container.client(...args);
    clients.push(started);
    return started;
  };
  const review = (prompt: string, topic: string, cwd = repository) => ({ prompt, topic, cwd, sandbox: "read-only" });
  const auditOf = (data: Record<string, unknown>) => data["readonly_audit"] as ReadonlyAudit;

  beforeAll(async () => {
    world = new World();
    container = new Container(world, await buildBinary(targetNamed(`linux-${process.arch}-container`)));
    await container.build();
    repository = await container.repository("project");
    writtenTo = await container.repository("written");
    await fillForReview(repository, world.environment());
    world.stub.script("SAY-HELLO", [{ say: "Hello." }]);
    world.stub.script("CHANGE-IT", [{ run: "echo changed >> README.md; echo new > new.txt" }, { say: "Changed." }]);
    world.stub.script("TRY-TO-WRITE", WRITE_ATTEMPTS);
    world.stub.script("REVIEW", [...REVIEW_COMMANDS.map((run) => ({ run })), { say: "Looks fine." }]);
    client = await start("user namespaces");
  }, 600_000);

  afterAll(async () => {
    await Promise.all(clients.map((each) => each.close()));
    await container.remove();
    await world.close();
  }, 120_000);

  test("Codex's own sandbox cannot work, and an answer says so instead of passing for a review", async () => {
    // Without a place for temporary files, Codex does not even report the commands that failed.
    for (const [index, options] of [["--tmpfs", "/tmp"], []].entries()) {
      const native = await start("user namespaces", { CODEXMCP_READONLY_FALLBACK: "0" }, options);
      const { data, isError } = await native.call("codex", review("REVIEW", `review-native-v${index + 1}`));
      expect(isError).toBe(true);
      expect(data).toMatchObject({ success: false, code: "sandbox_unavailable", result: "Looks fine." });
      expect(String(data["hint"])).toContain("CODEXMCP_READONLY_FALLBACK=auto");
    }
  });

  test("the container build reviews by default: ordinary commands work, and the audit is clean", async () => {
    const before = fingerprint(repository);
    const { data } = await client.call("codex", review("REVIEW", "review-clean-v1"));
    expect(data).toMatchObject({ success: true, result: "Looks fine." });
    expect(auditOf(data)).toMatchObject({ verdict: "CLEAN", violations: [], enforcement: "landlock" });
    expect(auditOf(data).evidence).toMatchObject({ unknown_commands: [], commands_judged: REVIEW_COMMANDS.length });
    expect(auditOf(data).evidence.workspace).toMatchObject({ not_covered: [] });
    const log = readFileSync(join(world.stateHome, "tasks", "codex-review-clean-v1", "codex-exec.log"), "utf8");
    const failed = log.split("\n").filter((line) => /"type":"item.completed".*"exit_code":[1-9]/.test(line));
    expect(failed).toEqual([]);
    expect(fingerprint(repository)).toEqual(before);
  });

  test("no attempt to write changes a byte, and each is named", async () => {
    const before = fingerprint(repository);
    const { data } = await client.call("codex", review("TRY-TO-WRITE", "review-attempts-v1"));
    const audit = auditOf(data);
    expect(audit).toMatchObject({ verdict: "VIOLATION", enforcement: "landlock" });
    expect(namesOf(audit).toSorted()).toEqual([...NAMED_ATTEMPTS, join(repository, "patched.txt")].toSorted());
    expect(audit.violations.map(({ took_effect }) => took_effect)).not.toContain(true);
    expect(fingerprint(repository)).toEqual(before);
  });

  test("auto finds out that the fallback is needed", async () => {
    const auto = await start("user namespaces", { CODEXMCP_READONLY_FALLBACK: "auto" });
    const { data } = await auto.call("codex", review("SAY-HELLO", "review-auto-v1"));
    expect(auditOf(data)).toMatchObject({ mode: "fallback", verdict: "CLEAN" });
    expect(readFileSync(join(world.stateHome, "sandbox-probe.json"), "utf8")).toContain('"found":false');
  });

  test("full-access tasks run in tmux there, too", async () => {
    const { data } = await client.call("codex", {
      ...review("SAY-HELLO", "longrun-x-v1", world.home),
      sandbox: "full-access",
    });
    expect(data).toMatchObject({ success: true, result: "Hello." });
  });

  describe("a full-access task on a repository that is mounted at /workspace", () => {
    const workIn = (cwd: string, topic: string) => ({ prompt: "CHANGE-IT", topic, cwd, sandbox: "full-access" });

    /** A repository of the user with this id, mounted at a folder. */
    async function mounted(name: string, at: string, owner: number, options: readonly string[] = []) {
      const path = await world.repository(name);
      await world.run(path, ["chmod", "-R", "a+rwX", "."]);
      await world.run(path, ["chown", "-R", `${owner}:${owner}`, "."]);
      const server = await start("user namespaces", {}, ["--volume", `${path}:${at}`, ...options]);
      return { path, server };
    }

    test.each([
      ["with a folder for temporary files", ["--tmpfs", "/tmp"]],
      ["without any", []],
    ])("%s: edited, committed, compared, merged, discarded, restored", async (how, options) => {
      const name = how.startsWith("without") ? "without_tmp" : "with_tmp";
      const { path, server } = await mounted(name, "/workspace", 1000, options);
      const { data } = await server.call("codex", workIn("/workspace", `implement-${name}-v1`));
      expect(data).toMatchObject({ success: true, commits_ahead: 1, files_changed: ["README.md", "new.txt"] });
      expect(data["commit_error"]).toBeUndefined();
      expect(data["worktree_dir"]).toStartWith(join(world.stateHome, "worktrees", "workspace-"));
      expect(data["note"]).toContain("CODEXMCP_WORKTREES");
      const task = { task_id: data["task_id"] };
      expect((await server.call("codex_diff", task)).data["patch"]).toContain("+changed");
      expect((await server.call("codex_merge", { task_ids: [task.task_id] })).data).toMatchObject({ success: true });
      expect(readFileSync(join(path, "new.txt"), "utf8")).toBe("new\n");
      expect((await server.call("codex_discard", task)).isError).toBe(false);
      expect(existsSync(String(data["worktree_dir"]))).toBe(false);
      expect((await server.call("codex_discard", { ...task, restore: true })).isError).toBe(false);
      expect(readFileSync(join(String(data["worktree_dir"]), "new.txt"), "utf8")).toBe("new\n");
    });

    test("of another owner: the image trusts what is mounted there, and nothing else", async () => {
      const trusted = await mounted("others", "/workspace", 1234);
      const { data } = await trusted.server.call("codex", workIn("/workspace", "implement-others-v1"));
      expect(data).toMatchObject({ success: true, commits_ahead: 1 });
      const merged = await trusted.server.call("codex_merge", { task_ids: [data["task_id"]] });
      expect(merged.data).toMatchObject({ success: true });
      const stranger = await mounted("stranger", "/elsewhere", 1234);
      const refused = await stranger.server.call("codex", workIn("/elsewhere", "implement-stranger-v1"));
      expect(refused.data).toMatchObject({ code: "repository_untrusted" });
      expect(refused.data["hint"]).toContain("safe.directory '/elsewhere'");
      expect(refused.data["hint"]).toContain("--system");
    });

    test("mounted read-only: refused, with what can be done", async () => {
      const { server } = await mounted("frozen", "/workspace:ro", 1000);
      const { data } = await server.call("codex", workIn("/workspace", "implement-frozen-v1"));
      expect(data).toMatchObject({ code: "repository_read_only" });
    });

    test("without a name for git: what is to be set is said, and helps", async () => {
      const { path, server } = await mounted("nameless", "/workspace", 1000, ["--env", "GIT_CONFIG_GLOBAL=/dev/null"]);
      const commit = "git -c user.name=A -c user.email=a@example.invalid commit -qam Changed";
      world.stub.script("COMMIT-IT", [{ run: `echo own >> README.md; ${commit}` }, { say: "Committed." }]);
      const run = (prompt: string, topic: string) => server.call("codex", { ...workIn("/workspace", topic), prompt });
      const left = await run("CHANGE-IT", "implement-left-v1");
      expect(left.data["commit_error"]).toContain("user.name");
      const { data } = await run("COMMIT-IT", "implement-own-v1");
      const merge = () => server.call("codex_merge", { task_ids: [data["task_id"]] });
      const refused = await merge();
      expect(refused.data).toMatchObject({ code: "identity_missing" });
      expect(refused.data["hint"]).toContain("in a container");
      const config = join(path, ".git", "config");
      await world.run("/", ["git", "config", "--file", config, "user.name", "A"]);
      await world.run("/", ["git", "config", "--file", config, "user.email", "a@example.invalid"]);
      await world.run("/", ["chown", "1000:1000", config]);
      expect((await merge()).data).toMatchObject({ success: true });
      const next = await run("CHANGE-IT", "implement-left-v2");
      expect(next.data).toMatchObject({ success: true, commits_ahead: 1 });
    });
  });

  test("without Landlock the writes happen, and every one is reported", async () => {
    const unprotected = await start("user namespaces and Landlock");
    const { data } = await unprotected.call("codex", review("TRY-TO-WRITE", "review-old_kernel-v1", writtenTo));
    const audit = auditOf(data);
    expect(audit).toMatchObject({ verdict: "VIOLATION", enforcement: "none" });
    expect(audit.evidence.notes.join(" ")).toContain("no Landlock");
    expect(namesOf(audit).toSorted()).toEqual([...NAMED_ATTEMPTS, join(writtenTo, "patched.txt")].toSorted());
    expect(audit.violations.filter(({ took_effect }) => !took_effect)).toEqual([]);
    expect(existsSync(join(writtenTo, "late.txt"))).toBe(true);
    const seen = audit.violations.flatMap((each) => (each.kind === "workspace" ? [`${each.change} ${each.path}`] : []));
    expect(seen).toEqual(
      expect.arrayContaining(["removed README.md", "added file.txt", "added f", "added patched.txt", "added late.txt"]),
    );
    expect(seen.some((line) => line.includes("refs/heads/main"))).toBe(true);
  });
});
