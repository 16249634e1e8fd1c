// Proofs: statements about tasks, and where they are kept.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { TESTED_VERSION } from "../support/codex-version.ts";
import { idOf } from "../support/git-world.ts";
import { COMMIT_ONE, decodeProof, type Envelope, observedOf, type Proven, ProofWorld } from "../support/proof-world.ts";

let world: ProofWorld;

beforeAll(() => {
  world = new ProofWorld();
});
beforeEach(() => world.begin());
afterAll(() => world.close());

describe("a statement", () => {
  test("has what was asked, seen and reported, and not the prompt", async () => {
    const task = await world.work("one", COMMIT_ONE, { check: "test -e one.txt && echo fine" });
    const { envelope, run } = await world.prove(task);
    expect(run.stderr).toContain("not signed: git has no user.signingKey");
    expect(envelope).toMatchObject({ payloadType: "application/vnd.in-toto+json", signatures: [] });
    const statement = decodeProof(envelope);
    const tip = await world.inRepo("rev-parse", String(task["agent_branch"]));
    expect(statement).toMatchObject({
      _type: "https://in-toto.io/Statement/v1",
      predicateType: "https://github.com/codex-mcp-server/codex-mcp-server/proof/v1",
      subject: [
        {
          name: task["agent_branch"],
          digest: { gitCommit: tip, gitTree: await world.inRepo("rev-parse", `${tip}^{tree}`) },
        },
      ],
      predicate: {
        task: { id: idOf(task), run: 1 },
        request: { sandbox: "full-access" },
        observed: {
          status: "completed",
          base: {
            gitCommit: await world.inRepo("rev-parse", "main"),
            gitTree: await world.inRepo("rev-parse", "main^{tree}"),
          },
          check: { command: "test -e one.txt && echo fine", passed: true, exit_code: 0, attempts: 1, commit: tip },
        },
        reported_by_codex: { model: "gpt-5", usage: { output_tokens: expect.any(Number) } },
      },
    });
    const folder = join(world.stateHome, "tasks", idOf(task));
    const record = JSON.parse(readFileSync(join(folder, "meta.json"), "utf8")) as Record<string, string>;
    const digest = createHash("sha256")
      .update(readFileSync(join(folder, "prompt.md")))
      .digest("hex");
    expect(statement.predicate["request"]).toMatchObject({ prompt_sha256: digest });
    expect(statement.predicate["reported_by_codex"]?.["version"]).toBe(TESTED_VERSION ?? record["codex_version"]);
    const [program = ""] = JSON.parse(record["codex_program"] ?? "[]") as string[];
    const programDigest = createHash("sha256").update(readFileSync(program)).digest("hex");
    expect(observedOf(statement)["codex"]).toMatchObject({ program_sha256: programDigest });
    expect(JSON.stringify(statement)).not.toMatch(new RegExp(`RUN-\\d+-|${world.root}`));
    const shown = await world.cli("proof", idOf(task), "--with-prompt", "--statement", "--no-note");
    expect((JSON.parse(shown.stdout) as Proven).predicate["request"]).toMatchObject({
      prompt: expect.stringMatching(/^RUN-/),
    });
  });

  test("is kept as a note, one for each task of a commit, and beside the notes of others", async () => {
    const task = await world.work("one", COMMIT_ONE);
    const tip = await world.inRepo("rev-parse", String(task["agent_branch"]));
    await world.inRepo("notes", "--ref=codex-mcp-server", "add", "-m", "somebody else's", tip);
    await world.prove(task);
    await world.prove(task);
    const second = await world.work("one", "true", { topic: `implement-one_${world.number}-v2` });
    await world.prove(second);
    const lines = (await world.inRepo("notes", "--ref=codex-mcp-server", "show", tip)).split("\n");
    expect(lines[0]).toBe("somebody else's");
    const ids = lines.slice(1).map((line) => decodeProof(JSON.parse(line) as Envelope).predicate["task"]?.["id"]);
    expect(ids).toEqual([idOf(task), idOf(second)]);
    expect((await world.cli("verify", idOf(second), "--any-signer")).exitCode).toBe(0);
    const both = await world.cli("verify", tip, "--any-signer", "--json");
    // The foreign line is no proof.
    expect((JSON.parse(both.stdout) as { verdict: string }[]).map(({ verdict }) => verdict)).toEqual([
      "failed",
      "ok",
      "ok",
    ]);
  });

  test("about a merged task names the merge, and is found at both commits", async () => {
    const task = await world.work("one", COMMIT_ONE);
    await world.inRepo("commit", "-q", "--allow-empty", "-m", "Meanwhile");
    await world.merge(task);
    const { envelope } = await world.prove(task);
    const head = await world.inRepo("rev-parse", "HEAD");
    expect(observedOf(decodeProof(envelope))).toMatchObject({
      merge: { gitCommit: head, gitTree: await world.inRepo("rev-parse", "HEAD^{tree}") },
    });
    expect((await world.cli("verify", "HEAD", "--any-signer")).exitCode).toBe(0);
    expect((await world.cli("verify", "main", "--any-signer")).exitCode).toBe(0);
  });

  test("about a result, where there is no commit", async () => {
    world.stub.script("JUST-SAY", [{ say: "It is fine." }]);
    const folder = world.folder("no-git");
    const request = { prompt: "JUST-SAY", cwd: folder, sandbox: "read-only", topic: `review-say_${world.number}-v1` };
    const { data } = await (await world.own).call("codex", request);
    const { envelope, run } = await world.prove(data);
    expect(run.stderr).not.toContain("note");
    const digest = { sha256: createHash("sha256").update("It is fine.").digest("hex") };
    expect(decodeProof(envelope).subject).toEqual([{ name: `${idOf(data)}/result`, digest }]);
    const kept = await world.cli("verify", idOf(data));
    expect(kept.stderr).toContain("[no_proof]");
  });

  test("about a read-only run has what the kernel enforced", async () => {
    world.stub.script("LOOK-ONLY", [{ run: "ls" }, { say: "Seen." }]);
    const client = await world.client({ CODEXMCP_READONLY_FALLBACK: "1" });
    const request = {
      prompt: "LOOK-ONLY",
      cwd: world.repo,
      sandbox: "read-only",
      topic: `review-look_${world.number}-v1`,
    };
    const { data } = await client.call("codex", request);
    const { envelope } = await world.prove(data);
    const record = data["readonly_audit"] as {
      verdict: string;
      enforcement: string;
      evidence: { landlock_abi?: number };
    };
    const { verdict, enforcement, evidence } = record;
    const audit = {
      verdict,
      enforcement,
      violations: 0,
      ...(evidence.landlock_abi && { landlock_abi: evidence.landlock_abi }),
    };
    expect(observedOf(decodeProof(envelope))["audit"]).toMatchObject(audit);
    expect(decodeProof(envelope).predicate["reported_by_codex"]).not.toHaveProperty("sandbox");
  });

  test("is about the commit of the run's end, also when the branch has moved since", async () => {
    const task = await world.work("one", COMMIT_ONE);
    const tip = await world.inRepo("rev-parse", String(task["agent_branch"]));
    const worktree = String(task["worktree_dir"]);
    await world.git(worktree, "commit", "-q", "--allow-empty", "-m", "Later");
    const { envelope, file } = await world.prove(task);
    expect(decodeProof(envelope).subject[0]?.digest).toMatchObject({ gitCommit: tip });
    const later = await world.cli("verify", file, "--any-signer");
    expect(later).toMatchObject({ exitCode: 0 });
    expect(later.stdout).toContain("has moved since: it has 1 commit more");
    await world.git(worktree, "reset", "-q", "--hard", "HEAD~2");
    expect((await world.cli("verify", file, "--any-signer")).stdout).toContain("no longer contains this commit");
  });

  test("is about the task's branch, also when its check has left another commit checked out", async () => {
    const check = "git checkout -q --detach HEAD~1";
    const task = await world.work("away", COMMIT_ONE, { check });
    const { envelope } = await world.prove(task);
    const tip = await world.inRepo("rev-parse", String(task["agent_branch"]));
    expect(decodeProof(envelope).subject[0]?.digest).toMatchObject({ gitCommit: tip });
  });

  test("is refused while the task runs, and for what is not there", async () => {
    world.stub.script("LONG", [{ run: "sleep 600" }, { say: "Never." }]);
    const request = {
      prompt: "LONG",
      cwd: world.repo,
      topic: `implement-long_${world.number}-v1`,
      sandbox: "full-access",
    };
    const { data } = await (await world.own).call("codex_dispatch", request);
    expect((await world.cli("proof", idOf(data))).stderr).toContain("[task_running]");
    await (await world.own).call("codex_cancel", { task_id: idOf(data) });
    expect((await world.cli("proof", "no-such-task")).stderr).toContain("[unknown_task]");
    expect((await world.cli("verify", "no-such-thing")).stderr).toContain("[no_proof]");
    expect((await world.cli("verify", "HEAD")).stderr).toContain("[no_proof]");
  });
});
