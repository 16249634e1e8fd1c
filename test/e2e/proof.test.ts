// Proofs: signed statements about tasks, made and verified with real keys of ssh and gpg.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CommandRun, runCli } from "../support/command-line.ts";
import { GitWorld } from "../support/git-world.ts";
import { TESTED_VERSION } from "../support/codex-version.ts";

const has = (program: string) => Bun.which(program) !== null;
if (!has("ssh-keygen"))
  console.warn("SKIPPED: proofs signed by ssh, because ssh-keygen is not installed (apt install openssh-client)");
if (!has("gpg")) console.warn("SKIPPED: proofs signed by gpg, because gpg is not installed (apt install gnupg)");

interface Envelope {
  payload: string;
  payloadType: string;
  signatures: { keyid: string; sig: string }[];
}

interface Proven {
  subject: { name: string; digest: Record<string, string> }[];
  predicate: Record<string, Record<string, unknown>>;
  [field: string]: unknown;
}

let world: GitWorld;

beforeAll(async () => {
  world = new GitWorld();
  if (has("ssh-keygen")) {
    for (const name of ["mine", "other"])
      await world.run(world.root, ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", name]);
    const allowed = `me@example.invalid namespaces="git" ${readFileSync(join(world.root, "mine.pub"), "utf8")}`;
    writeFileSync(join(world.root, "allowed"), allowed);
  }
});
beforeEach(() => world.begin());
afterAll(() => world.close());

const git = (...args: string[]) => world.git(world.repo, ...args);
const idOf = (task: Record<string, unknown>) => String(task["task_id"]);
const commitOne = "echo one > one.txt; git add .; git commit -qm One";
const decode = ({ payload }: Envelope) => JSON.parse(Buffer.from(payload, "base64").toString()) as Proven;
const cli = (...args: string[]) => runCli(world, args, {}, world.repo);

async function signWith(key: string): Promise<void> {
  await git("config", "gpg.format", "ssh");
  await git("config", "user.signingKey", join(world.root, key));
  await git("config", "gpg.ssh.allowedSignersFile", join(world.root, "allowed"));
}

async function prove(
  task: Record<string, unknown>,
  ...args: string[]
): Promise<{ envelope: Envelope; file: string; run: CommandRun }> {
  const run = await cli("proof", idOf(task), ...args);
  expect(run).toMatchObject({ exitCode: 0 });
  const file = join(world.root, `proof-${world.number}.json`);
  writeFileSync(file, run.stdout);
  return { envelope: JSON.parse(run.stdout) as Envelope, file, run };
}

/** Writes a proof that its author has changed. */
function forge(envelope: Envelope, change: (statement: Proven) => void, more: Partial<Envelope> = {}): string {
  const statement = decode(envelope);
  change(statement);
  const file = join(world.root, `forged-${world.number}.json`);
  const payload = Buffer.from(JSON.stringify(statement)).toString("base64");
  writeFileSync(file, JSON.stringify({ ...envelope, payload, ...more }));
  return file;
}

const observedOf = ({ predicate }: Proven) => predicate["observed"] ?? {};

describe("a statement", () => {
  test("has what was asked, seen and reported, and not the prompt", async () => {
    const task = await world.work("one", commitOne, { check: "test -e one.txt && echo fine" });
    const { envelope, run } = await prove(task);
    expect(run.stderr).toContain("not signed: git has no user.signingKey");
    expect(envelope).toMatchObject({ payloadType: "application/vnd.in-toto+json", signatures: [] });
    const statement = decode(envelope);
    const tip = await git("rev-parse", String(task["agent_branch"]));
    expect(statement).toMatchObject({
      _type: "https://in-toto.io/Statement/v1",
      predicateType: "https://github.com/codex-mcp-server/codex-mcp-server/proof/v1",
      subject: [
        { name: task["agent_branch"], digest: { gitCommit: tip, gitTree: await git("rev-parse", `${tip}^{tree}`) } },
      ],
      predicate: {
        task: { id: idOf(task), run: 1 },
        request: { sandbox: "full-access" },
        observed: {
          status: "completed",
          base: { gitCommit: await git("rev-parse", "main"), gitTree: await git("rev-parse", "main^{tree}") },
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
    const shown = await cli("proof", idOf(task), "--with-prompt", "--statement", "--no-note");
    expect((JSON.parse(shown.stdout) as Proven).predicate["request"]).toMatchObject({
      prompt: expect.stringMatching(/^RUN-/),
    });
  });

  test("is kept as a note, one for each task of a commit, and beside the notes of others", async () => {
    const task = await world.work("one", commitOne);
    const tip = await git("rev-parse", String(task["agent_branch"]));
    await git("notes", "--ref=codex-mcp-server", "add", "-m", "somebody else's", tip);
    await prove(task);
    await prove(task);
    const second = await world.work("one", "true", { topic: `implement-one_${world.number}-v2` });
    await prove(second);
    const lines = (await git("notes", "--ref=codex-mcp-server", "show", tip)).split("\n");
    expect(lines[0]).toBe("somebody else's");
    const ids = lines.slice(1).map((line) => decode(JSON.parse(line) as Envelope).predicate["task"]?.["id"]);
    expect(ids).toEqual([idOf(task), idOf(second)]);
    expect((await cli("verify", idOf(second), "--any-signer")).exitCode).toBe(0);
    const both = await cli("verify", tip, "--any-signer", "--json");
    // The foreign line is no proof.
    expect((JSON.parse(both.stdout) as { verdict: string }[]).map(({ verdict }) => verdict)).toEqual([
      "failed",
      "ok",
      "ok",
    ]);
  });

  test("about a merged task names the merge, and is found at both commits", async () => {
    const task = await world.work("one", commitOne);
    await git("commit", "-q", "--allow-empty", "-m", "Meanwhile");
    await world.merge(task);
    const { envelope } = await prove(task);
    const head = await git("rev-parse", "HEAD");
    expect(observedOf(decode(envelope))).toMatchObject({
      merge: { gitCommit: head, gitTree: await git("rev-parse", "HEAD^{tree}") },
    });
    expect((await cli("verify", "HEAD", "--any-signer")).exitCode).toBe(0);
    expect((await cli("verify", "main", "--any-signer")).exitCode).toBe(0);
  });

  test("about a result, where there is no commit", async () => {
    world.stub.script("JUST-SAY", [{ say: "It is fine." }]);
    const folder = world.folder("no-git");
    const request = { prompt: "JUST-SAY", cwd: folder, sandbox: "read-only", topic: `review-say_${world.number}-v1` };
    const { data } = await (await world.own).call("codex", request);
    const { envelope, run } = await prove(data);
    expect(run.stderr).not.toContain("note");
    const digest = { sha256: createHash("sha256").update("It is fine.").digest("hex") };
    expect(decode(envelope).subject).toEqual([{ name: `${idOf(data)}/result`, digest }]);
    const kept = await cli("verify", idOf(data));
    expect(kept.stderr).toContain("[no_proof]");
  });

  test("is about the commit of the run's end, also when the branch has moved since", async () => {
    const task = await world.work("one", commitOne);
    const tip = await git("rev-parse", String(task["agent_branch"]));
    const worktree = String(task["worktree_dir"]);
    await world.git(worktree, "commit", "-q", "--allow-empty", "-m", "Later");
    const { envelope, file } = await prove(task);
    expect(decode(envelope).subject[0]?.digest).toMatchObject({ gitCommit: tip });
    const later = await cli("verify", file, "--any-signer");
    expect(later).toMatchObject({ exitCode: 0 });
    expect(later.stdout).toContain("has moved since: it has 1 commit more");
    await world.git(worktree, "reset", "-q", "--hard", "HEAD~2");
    expect((await cli("verify", file, "--any-signer")).stdout).toContain("no longer contains this commit");
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
    expect((await cli("proof", idOf(data))).stderr).toContain("[task_running]");
    await (await world.own).call("codex_cancel", { task_id: idOf(data) });
    expect((await cli("proof", "no-such-task")).stderr).toContain("[unknown_task]");
    expect((await cli("verify", "no-such-thing")).stderr).toContain("[no_proof]");
    expect((await cli("verify", "HEAD")).stderr).toContain("[no_proof]");
  });
});

describe.skipIf(!has("ssh-keygen"))("ssh", () => {
  test("signs what ssh-keygen itself verifies, and verify does, for an allowed signer", async () => {
    await signWith("mine");
    const task = await world.work("one", commitOne);
    const { envelope, file, run } = await prove(task);
    const fingerprint = (await world.run(world.root, ["ssh-keygen", "-lf", "mine.pub"])).split(" ")[1];
    expect(run.stderr).toContain(`signed by ${fingerprint}`);
    expect(envelope.signatures).toMatchObject([{ keyid: fingerprint }]);
    const payload = Buffer.from(envelope.payload, "base64");
    const signed = Buffer.concat([
      Buffer.from(`DSSEv1 ${envelope.payloadType.length} ${envelope.payloadType} ${payload.length} `),
      payload,
    ]);
    writeFileSync(join(world.root, "signed"), signed);
    writeFileSync(join(world.root, "sig"), Buffer.from(envelope.signatures[0]?.sig ?? "", "base64"));
    const check = `ssh-keygen -Y verify -n git -f allowed -I me@example.invalid -s sig < signed`;
    expect(await world.run(world.root, ["sh", "-c", check])).toContain("Good");
    for (const what of [file, idOf(task), String(task["agent_branch"])]) {
      const verified = await cli("verify", what);
      expect(verified).toMatchObject({ exitCode: 0, stderr: "" });
      expect(verified.stdout).toContain(`signed by me@example.invalid (${fingerprint})`);
    }
  });

  test("a key of an agent, named by its public half", async () => {
    const socket = join(world.root, "agent.sock");
    const agent = Bun.spawn(["ssh-agent", "-D", "-a", socket], {
      env: world.environment(),
      stdio: ["ignore", "ignore", "ignore"],
    });
    await world.until(() => existsSync(socket));
    await world.run(world.root, ["env", `SSH_AUTH_SOCK=${socket}`, "ssh-add", "-q", "mine"]);
    await signWith("mine");
    await git("config", "user.signingKey", `key::${readFileSync(join(world.root, "mine.pub"), "utf8").trim()}`);
    const task = await world.work("one", commitOne);
    const signed = await runCli(world, ["proof", idOf(task)], { SSH_AUTH_SOCK: socket }, world.repo);
    expect(signed).toMatchObject({ exitCode: 0 });
    expect((await cli("verify", idOf(task))).exitCode).toBe(0);
    agent.kill();
    await agent.exited;
    expect((await runCli(world, ["proof", idOf(task)], { SSH_AUTH_SOCK: socket }, world.repo)).stderr).toContain(
      "[signing_failed]",
    );
  });

  test("a changed statement, a foreign key and an unknown signer are told apart", async () => {
    await signWith("mine");
    const task = await world.work("one", commitOne);
    const { envelope, file } = await prove(task);
    const forged = forge(envelope, (statement) => (observedOf(statement)["seconds"] = 0));
    const changed = await cli("verify", forged);
    expect(changed.exitCode).toBe(1);
    expect(changed.stdout).toContain("the proof was changed");
    await git("config", "--unset", "gpg.ssh.allowedSignersFile");
    const unknown = await cli("verify", file);
    expect(unknown.exitCode).toBe(2);
    expect(unknown.stdout).toContain("is intact, but the signer is not known");
    expect((await cli("verify", file, "--any-signer")).exitCode).toBe(0);
    expect((await cli("verify", forged, "--any-signer")).exitCode).toBe(1);
    await signWith("other");
    await prove(task);
    const foreign = await cli("verify", idOf(task));
    expect(foreign.exitCode).toBe(1);
    expect(foreign.stdout).toContain("does not allow that key");
    // Not even with --any-signer: the user's own list says no.
    expect((await cli("verify", idOf(task), "--any-signer")).exitCode).toBe(1);
  });

  test("a key that does not sign is an error, and --no-sign does without", async () => {
    await signWith("no-such-key");
    const task = await world.work("one", commitOne);
    const refused = await cli("proof", idOf(task));
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain("[signing_failed]");
    expect(refused.stdout).toBe("");
    await git("config", "gpg.format", "x509");
    expect((await cli("proof", idOf(task))).stderr).toContain("only ssh and openpgp are supported");
    const { envelope } = await prove(task, "--no-sign");
    expect(envelope.signatures).toEqual([]);
    expect((await cli("verify", idOf(task))).exitCode).toBe(2);
  });
});

describe.skipIf(!has("gpg"))("gpg", () => {
  let gnupg: Record<string, string>;

  beforeAll(async () => {
    const home = world.folder("gnupg");
    chmodSync(home, 0o700);
    gnupg = { GNUPGHOME: home };
    const key = [
      "gpg",
      "--batch",
      "--passphrase",
      "",
      "--quick-generate-key",
      "Me <me@example.invalid>",
      "ed25519",
      "sign",
      "never",
    ];
    await world.run(world.root, ["env", `GNUPGHOME=${home}`, ...key]);
  });
  afterAll(async () => {
    await world.run(world.root, ["env", `GNUPGHOME=${gnupg["GNUPGHOME"]}`, "gpgconf", "--kill", "all"]);
  });

  test("signs, and what was changed or is by an unknown key is told apart", async () => {
    await git("config", "user.signingKey", "me@example.invalid");
    const task = await world.work("one", commitOne);
    const signed = await runCli(world, ["proof", idOf(task)], gnupg, world.repo);
    expect(signed).toMatchObject({ exitCode: 0 });
    const envelope = JSON.parse(signed.stdout) as Envelope;
    expect(envelope.signatures[0]?.keyid).toMatch(/^[0-9A-F]{40}$/);
    const verified = await runCli(world, ["verify", idOf(task)], gnupg, world.repo);
    expect(verified).toMatchObject({ exitCode: 0 });
    expect(verified.stdout).toContain("signed by Me <me@example.invalid>");
    const forged = forge(envelope, (statement) => (observedOf(statement)["seconds"] = 0));
    expect((await runCli(world, ["verify", forged], gnupg, world.repo)).exitCode).toBe(1);
    const empty = world.folder("gnupg-of-another");
    chmodSync(empty, 0o700);
    const unknown = await runCli(world, ["verify", idOf(task)], { GNUPGHOME: empty }, world.repo);
    expect(unknown.exitCode).toBe(2);
    expect(unknown.stdout).toContain("is not in gpg's keyring");
  });
});

describe("the check", () => {
  test("is run again only if somebody agrees, in a temporary worktree", async () => {
    const trace = join(world.root, `trace-${world.number}`);
    const check = `test -e one.txt && pwd >> ${trace}`;
    const task = await world.work("one", commitOne, { check });
    const { file } = await prove(task);
    const before = readFileSync(trace, "utf8");
    const silent = await cli("verify", file, "--any-signer");
    expect(silent.exitCode).toBe(2);
    expect(silent.stdout).toContain(check);
    expect(silent.stderr).toContain("--yes");
    expect((await cli("verify", file, "--any-signer", "--no-replay")).exitCode).toBe(0);
    expect(readFileSync(trace, "utf8")).toBe(before);
    const replayed = await cli("verify", file, "--any-signer", "--yes");
    expect(replayed).toMatchObject({ exitCode: 0 });
    expect(replayed.stdout).toContain("passed again");
    expect(readFileSync(trace, "utf8").replace(before, "")).toMatch(/-check-[0-9a-f]{8}\n$/);
    expect(await git("worktree", "list")).not.toContain("-check-");
  });

  test("that fails now is told, with its output", async () => {
    const red = join(world.root, `red-${world.number}`);
    const task = await world.work("one", commitOne, { check: `if [ -e ${red} ]; then echo it is red; exit 5; fi` });
    const { file } = await prove(task);
    writeFileSync(red, "");
    const replayed = await cli("verify", file, "--any-signer", "--yes");
    expect(replayed.exitCode).toBe(1);
    expect(replayed.stdout).toContain("exit status 5");
    expect(replayed.stdout).toContain("it is red");
  });

  test("of a statement that does not hold is never run", async () => {
    await signWith("mine");
    const task = await world.work("one", commitOne, { check: "true" });
    const { envelope } = await prove(task);
    const harm = join(world.root, `harm-${world.number}`);
    const forged = forge(envelope, (statement) =>
      Object.assign(observedOf(statement)["check"] as object, { command: `touch ${harm}` }),
    );
    expect((await cli("verify", forged, "--yes")).exitCode).toBe(1);
    expect(existsSync(harm)).toBe(false);
  });

  test("of a task in Codex's sandbox is run in it", async () => {
    const outside = join(world.root, `outside-${world.number}`);
    const task = await world.work("boxed", "echo 1 > one.txt", {
      sandbox: "workspace-write",
      check: "test -e one.txt",
    });
    const { envelope, file } = await prove(task);
    expect(decode(envelope).predicate["reported_by_codex"]).toMatchObject({ sandbox: "workspace-write" });
    expect(await cli("verify", file, "--any-signer", "--yes")).toMatchObject({ exitCode: 0 });
    const forged = forge(envelope, (statement) =>
      Object.assign(observedOf(statement)["check"] as object, { command: `touch ${outside}` }),
    );
    expect((await cli("verify", forged, "--any-signer", "--yes")).exitCode).toBe(1);
    expect(existsSync(outside)).toBe(false);
  });
});

describe("what others have made", () => {
  test("another tree, a missing commit, a replaced one", async () => {
    const task = await world.work("one", commitOne);
    const { envelope, file } = await prove(task);
    const other = forge(
      envelope,
      ({ subject }) => Object.assign(subject[0]?.digest ?? {}, { gitTree: "0".repeat(40) }),
      { signatures: [] },
    );
    const wrong = await cli("verify", other, "--any-signer");
    expect(wrong.exitCode).toBe(1);
    expect(wrong.stdout).toContain("not the one claimed");
    const elsewhere = await world.repository(`elsewhere-${world.number}`);
    const missing = await runCli(world, ["verify", file, "--any-signer"], {}, elsewhere);
    expect(missing.exitCode).toBe(2);
    expect(missing.stdout).toContain("is not in this repository");
    const nowhere = await runCli(world, ["verify", file, "--any-signer"], {}, world.root);
    expect(nowhere.stdout).toContain("there is no repository here");
    await git("replace", String(decode(envelope).subject[0]?.digest["gitCommit"]), "main");
    const replaced = await cli("verify", file, "--any-signer");
    expect(replaced.exitCode).toBe(1);
    expect(replaced.stdout).toContain("git replace");
  });

  test("is answered clearly, whatever it is", async () => {
    const task = await world.work("one", commitOne);
    const { envelope } = await prove(task);
    const asFile = (content: string) => {
      const file = join(world.root, "hostile.json");
      writeFileSync(file, content);
      return file;
    };
    const wrapped = (payload: unknown) =>
      JSON.stringify({ ...envelope, payload: Buffer.from(JSON.stringify(payload)).toString("base64") });
    const statement = decode(envelope);
    const all = [
      "",
      "{",
      "null",
      "[]",
      "\u0000\u0001",
      "[".repeat(100_000),
      JSON.stringify({ ...envelope, payload: "%%%" }),
      JSON.stringify({ ...envelope, payloadType: "text/plain" }),
      JSON.stringify({ ...envelope, signatures: Array.from({ length: 50 }, () => ({ keyid: "", sig: "" })) }),
      JSON.stringify({ ...envelope, payload: Buffer.from([0xff, 0xfe]).toString("base64") }),
      wrapped({ ...statement, predicateType: "https://slsa.dev/provenance/v1" }),
      wrapped({ ...statement, subject: [] }),
      wrapped({ ...statement, subject: [{ name: "x", digest: { gitCommit: "--upload-pack=x", gitTree: "HEAD" } }] }),
      wrapped({ ...statement, predicate: null }),
      wrapped({
        ...statement,
        predicate: { ...statement.predicate, task: { id: "x".repeat(10_000), run: 1, topic: "" } },
      }),
    ];
    for (const content of all) {
      const { exitCode, stdout, stderr } = await cli("verify", asFile(content), "--any-signer", "--yes");
      expect({ content: content.slice(0, 80), exitCode, stderr }).toMatchObject({ exitCode: 1, stderr: "" });
      expect(stdout).toContain("FAILED");
    }
    const garbage = JSON.stringify({ ...envelope, signatures: [{ keyid: "\u001b[31m", sig: "AAAA" }] });
    expect((await cli("verify", asFile(garbage))).exitCode).toBe(1);
    const pipe = join(world.root, "pipe");
    await world.run(world.root, ["mkfifo", pipe]);
    expect((await cli("verify", pipe)).stderr).toContain("named pipe");
    const huge = join(world.root, "huge.json");
    await world.run(world.root, ["truncate", "-s", "3G", huge]);
    expect((await cli("verify", huge)).stderr).toContain("[proof_invalid]");
    mkdirSync(join(world.root, "folder"), { recursive: true });
    expect((await cli("verify", join(world.root, "folder"))).stderr).toContain("[no_proof]");
  });
});
