// Proofs that are verified: their checks are run again, and what others have made is answered clearly.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../support/command-line.ts";
import { closingTerminals } from "../support/terminal.ts";
import { BINARY } from "../support/world.ts";
import { idOf } from "../support/git-world.ts";
import { COMMIT_ONE, decodeProof, observedOf, ProofWorld } from "../support/proof-world.ts";

let world: ProofWorld;
const startTerminal = closingTerminals();

beforeAll(() => {
  world = new ProofWorld();
});
beforeEach(() => world.begin());
afterAll(() => world.close());

describe("the check", () => {
  test("is run again only if somebody agrees, in a temporary worktree", async () => {
    const trace = join(world.root, `trace-${world.number}`);
    const check = `test -e one.txt && pwd >> ${trace}`;
    const task = await world.work("one", COMMIT_ONE, { check });
    const { file } = await world.prove(task);
    const before = readFileSync(trace, "utf8");
    const silent = await world.cli("verify", file, "--any-signer");
    expect(silent.exitCode).toBe(2);
    expect(silent.stdout).toContain(check);
    expect(silent.stderr).toContain("--yes");
    expect((await world.cli("verify", file, "--any-signer", "--no-replay")).exitCode).toBe(0);
    expect(readFileSync(trace, "utf8")).toBe(before);
    const replayed = await world.cli("verify", file, "--any-signer", "--yes");
    expect(replayed).toMatchObject({ exitCode: 0 });
    expect(replayed.stdout).toContain("passed again");
    expect(readFileSync(trace, "utf8").replace(before, "")).toMatch(/-check-[0-9a-f]{8}\n$/);
    expect(await world.inRepo("worktree", "list")).not.toContain("-check-");
  });

  test("is shown in a terminal, and run after a yes", async () => {
    const trace = join(world.root, `agreed-${world.number}`);
    const task = await world.work("one", COMMIT_ONE, { check: `test -e one.txt && echo ran >> ${trace}` });
    await world.prove(task);
    const runs = () => readFileSync(trace, "utf8").split("\n").length - 1;
    const verify = async (answer: string) => {
      const terminal = await startTerminal(world, [BINARY, "verify", idOf(task), "--any-signer"], {
        width: 180,
        height: 30,
      });
      await terminal.shows(/Run it\? \[y\/N\]/);
      const screen = (await terminal.screen()).join("\n");
      expect(screen).toContain(`echo ran >> ${trace}`);
      expect(screen).toContain("WITHOUT a sandbox");
      await terminal.type(answer);
      await terminal.press("Enter");
      await terminal.shows(/\[exit \d\]/);
      return (await terminal.screen()).join("\n");
    };
    expect(runs()).toBe(1);
    expect(await verify("")).toContain("[exit 2]");
    expect(runs()).toBe(1);
    await verify("y");
    expect(runs()).toBe(2);
  });

  test("that fails now is told, with its output", async () => {
    const red = join(world.root, `red-${world.number}`);
    const task = await world.work("one", COMMIT_ONE, { check: `if [ -e ${red} ]; then echo it is red; exit 5; fi` });
    const { file } = await world.prove(task);
    writeFileSync(red, "");
    const replayed = await world.cli("verify", file, "--any-signer", "--yes");
    expect(replayed.exitCode).toBe(1);
    expect(replayed.stdout).toContain("exit status 5");
    expect(replayed.stdout).toContain("it is red");
  });

  test("of a task in Codex's sandbox is run in it", async () => {
    const outside = join(world.root, `outside-${world.number}`);
    const task = await world.work("boxed", "echo 1 > one.txt", {
      sandbox: "workspace-write",
      check: "test -e one.txt",
    });
    const { envelope, file } = await world.prove(task);
    expect(decodeProof(envelope).predicate["reported_by_codex"]).toMatchObject({ sandbox: "workspace-write" });
    expect(await world.cli("verify", file, "--any-signer", "--yes")).toMatchObject({ exitCode: 0 });
    const forged = world.forge(envelope, (statement) =>
      Object.assign(observedOf(statement)["check"] as object, { command: `touch ${outside}` }),
    );
    expect((await world.cli("verify", forged, "--any-signer", "--yes")).exitCode).toBe(1);
    expect(existsSync(outside)).toBe(false);
  });
});

describe("what others have made", () => {
  test("a check that has passed with a failure", async () => {
    const task = await world.work("one", COMMIT_ONE, { check: "true" });
    const { envelope } = await world.prove(task);
    const forged = world.forge(envelope, (statement) =>
      Object.assign(observedOf(statement)["check"] as object, { exit_code: 1 }),
    );
    const { exitCode, stdout } = await world.cli("verify", forged, "--any-signer", "--yes");
    expect(exitCode).toBe(1);
    expect(stdout).toContain("contradicts itself");
  });

  test("another tree, a missing commit, a replaced one", async () => {
    const task = await world.work("one", COMMIT_ONE);
    const { envelope, file } = await world.prove(task);
    const other = world.forge(envelope, ({ subject }) =>
      Object.assign(subject[0]?.digest ?? {}, { gitTree: "0".repeat(40) }),
    );
    const wrong = await world.cli("verify", other, "--any-signer");
    expect(wrong.exitCode).toBe(1);
    expect(wrong.stdout).toContain("not the one claimed");
    const elsewhere = await world.repository(`elsewhere-${world.number}`);
    const missing = await runCli(world, ["verify", file, "--any-signer"], {}, elsewhere);
    expect(missing.exitCode).toBe(2);
    expect(missing.stdout).toContain("is not in this repository");
    const nowhere = await runCli(world, ["verify", file, "--any-signer"], {}, world.root);
    expect(nowhere.stdout).toContain("there is no repository here");
    await world.inRepo("replace", String(decodeProof(envelope).subject[0]?.digest["gitCommit"]), "main");
    const replaced = await world.cli("verify", file, "--any-signer");
    expect(replaced.exitCode).toBe(1);
    expect(replaced.stdout).toContain("git replace");
  });

  test("a note that was copied to another commit, and a second subject", async () => {
    const task = await world.work("one", COMMIT_ONE);
    const { envelope } = await world.prove(task);
    const subject = String(decodeProof(envelope).subject[0]?.digest["gitCommit"]);
    expect(await world.cli("verify", subject, "--any-signer")).toMatchObject({ exitCode: 0 });
    await world.inRepo("notes", "--ref=refs/notes/codex-mcp-server", "copy", subject, "main");
    const copied = await world.cli("verify", "main", "--any-signer");
    expect(copied.exitCode).toBe(1);
    expect(copied.stdout).toContain("it is not about commit");
    const second = world.forge(envelope, (statement) => {
      const [first] = statement.subject;
      statement.subject.push({ name: "second", digest: { ...first?.digest, gitTree: "0".repeat(40) } });
    });
    expect((await world.cli("verify", second, "--any-signer")).exitCode).toBe(1);
  });

  test("a task's name with line ends, which would look like further lines", async () => {
    const { envelope } = await world.prove(await world.work("one", COMMIT_ONE));
    const forged = world.forge(envelope, ({ predicate }) => Object.assign(predicate["task"] ?? {}, { id: "x\nProof" }));
    const { exitCode, stdout } = await world.cli("verify", forged, "--any-signer");
    expect(exitCode).toBe(1);
    expect(stdout).not.toContain("\nProof");
  });

  test("is answered clearly, whatever it is", async () => {
    const task = await world.work("one", COMMIT_ONE);
    const { envelope } = await world.prove(task);
    const asFile = (content: string) => {
      const file = join(world.root, "hostile.json");
      writeFileSync(file, content);
      return file;
    };
    const wrapped = (payload: unknown) =>
      JSON.stringify({ ...envelope, payload: Buffer.from(JSON.stringify(payload)).toString("base64") });
    const statement = decodeProof(envelope);
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
      ...["../..", "/", "a/../../.."].map((folder) => {
        const check = { command: "true", folder, passed: true, attempts: 1, seconds: 1 };
        const observed = { ...observedOf(statement), check };
        return wrapped({ ...statement, predicate: { ...statement.predicate, observed } });
      }),
      wrapped({
        ...statement,
        predicate: { ...statement.predicate, task: { id: "x".repeat(10_000), run: 1, topic: "" } },
      }),
    ];
    for (const content of all) {
      const { exitCode, stdout, stderr } = await world.cli("verify", asFile(content), "--any-signer", "--yes");
      expect({ content: content.slice(0, 80), exitCode, stderr }).toMatchObject({ exitCode: 1, stderr: "" });
      expect(stdout).toContain("FAILED");
    }
    const garbage = JSON.stringify({ ...envelope, signatures: [{ keyid: "\u001b[31m", sig: "AAAA" }] });
    expect((await world.cli("verify", asFile(garbage))).exitCode).toBe(1);
    const pipe = join(world.root, "pipe");
    await world.run(world.root, ["mkfifo", pipe]);
    expect((await world.cli("verify", pipe)).stderr).toContain("named pipe");
    const huge = join(world.root, "huge.json");
    await world.run(world.root, ["truncate", "-s", "3G", huge]);
    expect((await world.cli("verify", huge)).stderr).toContain("[proof_invalid]");
    mkdirSync(join(world.root, "folder"), { recursive: true });
    expect((await world.cli("verify", join(world.root, "folder"))).stderr).toContain("[no_proof]");
  });
});
