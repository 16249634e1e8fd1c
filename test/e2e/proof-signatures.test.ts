// Proofs that are signed and verified with real keys of ssh and gpg.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../support/command-line.ts";
import { idOf } from "../support/git-world.ts";
import { COMMIT_ONE, type Envelope, observedOf, ProofWorld } from "../support/proof-world.ts";

const has = (program: string) => Bun.which(program) !== null;
const [hasSsh, hasGpg] = [has("ssh-keygen"), has("gpg")];
if (!hasSsh) {
  console.warn("SKIPPED: proofs signed by ssh, because ssh-keygen is not installed (apt install openssh-client)");
}
if (!hasGpg) console.warn("SKIPPED: proofs signed by gpg, because gpg is not installed (apt install gnupg)");

let world: ProofWorld;

beforeAll(async () => {
  world = new ProofWorld();
  if (hasSsh) {
    const generate = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f"];
    for (const name of ["mine", "other"]) await world.run(world.root, [...generate, name]);
    const allowed = `me@example.invalid namespaces="git" ${readFileSync(join(world.root, "mine.pub"), "utf8")}`;
    writeFileSync(join(world.root, "allowed"), allowed);
  }
});
beforeEach(() => world.begin());
afterAll(() => world.close());

async function signWith(key: string): Promise<void> {
  await world.inRepo("config", "gpg.format", "ssh");
  await world.inRepo("config", "user.signingKey", join(world.root, key));
  await world.inRepo("config", "gpg.ssh.allowedSignersFile", join(world.root, "allowed"));
}

describe.skipIf(!hasSsh)("ssh", () => {
  test("signs what ssh-keygen itself verifies, and verify does, for an allowed signer", async () => {
    await signWith("mine");
    const task = await world.work("one", COMMIT_ONE);
    const { envelope, file, run } = await world.prove(task);
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
      const verified = await world.cli("verify", what);
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
    await world.inRepo(
      "config",
      "user.signingKey",
      `key::${readFileSync(join(world.root, "mine.pub"), "utf8").trim()}`,
    );
    const task = await world.work("one", COMMIT_ONE);
    const signed = await runCli(world, ["proof", idOf(task)], { SSH_AUTH_SOCK: socket }, world.repo);
    expect(signed).toMatchObject({ exitCode: 0 });
    expect((await world.cli("verify", idOf(task))).exitCode).toBe(0);
    agent.kill();
    await agent.exited;
    expect((await runCli(world, ["proof", idOf(task)], { SSH_AUTH_SOCK: socket }, world.repo)).stderr).toContain(
      "[signing_failed]",
    );
  });

  test("a changed statement, a foreign key and an unknown signer are told apart", async () => {
    await signWith("mine");
    const task = await world.work("one", COMMIT_ONE);
    const { envelope, file } = await world.prove(task);
    const forged = world.forge(envelope, (statement) => (observedOf(statement)["seconds"] = 0));
    const changed = await world.cli("verify", forged);
    expect(changed.exitCode).toBe(1);
    expect(changed.stdout).toContain("the proof was changed");
    await world.inRepo("config", "--unset", "gpg.ssh.allowedSignersFile");
    const unknown = await world.cli("verify", file);
    expect(unknown.exitCode).toBe(2);
    expect(unknown.stdout).toContain("is intact, but the signer is not known");
    expect((await world.cli("verify", file, "--any-signer")).exitCode).toBe(0);
    expect((await world.cli("verify", forged, "--any-signer")).exitCode).toBe(1);
    await signWith("other");
    await world.prove(task);
    const foreign = await world.cli("verify", idOf(task));
    expect(foreign.exitCode).toBe(1);
    expect(foreign.stdout).toContain("does not allow that key");
    // Not even with --any-signer: the user's own list says no.
    expect((await world.cli("verify", idOf(task), "--any-signer")).exitCode).toBe(1);
  });

  test("the repository of others does not choose the program that verifies", async () => {
    await signWith("mine");
    const task = await world.work("one", COMMIT_ONE);
    await world.prove(task);
    const [ran, program] = [join(world.root, "ran"), join(world.root, "bin", "not-ssh-keygen")];
    writeFileSync(program, `#!/bin/sh\ntouch ${ran}\n`, { mode: 0o755 });
    await world.inRepo("config", "gpg.ssh.program", program);
    expect((await world.cli("verify", idOf(task))).exitCode).toBe(0);
    expect(existsSync(ran)).toBe(false);
  });

  test("a key that does not sign is an error, and --no-sign does without", async () => {
    await signWith("no-such-key");
    const task = await world.work("one", COMMIT_ONE);
    const refused = await world.cli("proof", idOf(task));
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain("[signing_failed]");
    expect(refused.stdout).toBe("");
    await world.inRepo("config", "gpg.format", "x509");
    expect((await world.cli("proof", idOf(task))).stderr).toContain("only ssh and openpgp are supported");
    const { envelope } = await world.prove(task, "--no-sign");
    expect(envelope.signatures).toEqual([]);
    expect((await world.cli("verify", idOf(task))).exitCode).toBe(2);
  });

  test("the check of a statement that does not hold is never run", async () => {
    await signWith("mine");
    const task = await world.work("one", COMMIT_ONE, { check: "true" });
    const { envelope } = await world.prove(task);
    const harm = join(world.root, `harm-${world.number}`);
    const forged = world.forge(envelope, (statement) =>
      Object.assign(observedOf(statement)["check"] as object, { command: `touch ${harm}` }),
    );
    expect((await world.cli("verify", forged, "--yes")).exitCode).toBe(1);
    expect(existsSync(harm)).toBe(false);
  });
});

describe.skipIf(!hasGpg)("gpg", () => {
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
    await world.inRepo("config", "user.signingKey", "me@example.invalid");
    const task = await world.work("one", COMMIT_ONE);
    const signed = await runCli(world, ["proof", idOf(task)], gnupg, world.repo);
    expect(signed).toMatchObject({ exitCode: 0 });
    const envelope = JSON.parse(signed.stdout) as Envelope;
    expect(envelope.signatures[0]?.keyid).toMatch(/^[0-9A-F]{40}$/);
    const verified = await runCli(world, ["verify", idOf(task)], gnupg, world.repo);
    expect(verified).toMatchObject({ exitCode: 0 });
    expect(verified.stdout).toContain("signed by Me <me@example.invalid>");
    const forged = world.forge(envelope, (statement) => (observedOf(statement)["seconds"] = 0));
    expect((await runCli(world, ["verify", forged], gnupg, world.repo)).exitCode).toBe(1);
    const empty = world.folder("gnupg-of-another");
    chmodSync(empty, 0o700);
    const unknown = await runCli(world, ["verify", idOf(task)], { GNUPGHOME: empty }, world.repo);
    expect(unknown.exitCode).toBe(2);
    expect(unknown.stdout).toContain("is not in gpg's keyring");
  });
});
