// What of the user's CODEX_HOME a run under the read-only fallback can change, with the kernel's help and without.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ReadonlyAudit } from "#domain/readonly-audit.ts";
import { hasLandlock } from "../support/landlock.ts";
import { DAY_MS, login, token } from "../support/login.ts";
import { McpClient } from "../support/mcp-client.ts";
import { BINARY, World } from "../support/world.ts";

const world = new World();
const isEnforced = hasLandlock(world.root);
if (!isEnforced) console.warn("SKIPPED: this kernel has no Landlock, so a login's renewal is not tested here");

let confined: McpClient;
let repository: string;

beforeAll(async () => {
  repository = await world.repository();
  confined = await world.client({ CODEXMCP_READONLY_FALLBACK: "1" });
});
afterAll(() => world.close());

const review = (prompt: string, topic: string) => ({ prompt, topic, cwd: repository, sandbox: "read-only" });
const auditOf = (data: Record<string, unknown>) => data["readonly_audit"] as ReadonlyAudit;
const folderOf = (topic: string) => join(world.stateHome, "tasks", `codex-${topic}`);

describe("a login that is to be renewed", () => {
  const auth = () => join(world.codexHome, "auth.json");
  /** Runs a script of the repository that puts another login in its place, and whatever else it is told to do. */
  const runWith = async (renewed: string, topic: string, { ageDays = 7, more = "", direct = false } = {}) => {
    const old = login(ageDays);
    writeFileSync(auth(), old, { mode: 0o644 });
    writeFileSync(join(repository, "renewed.json"), renewed);
    const script = 'sed "s/NOW/$(date -u +%FT%T.%NZ)/" renewed.json > "$CODEX_HOME/auth.json"';
    writeFileSync(join(repository, "check.sh"), `${script}\n`);
    world.stub.script(topic, [{ run: direct ? script : `sh check.sh${more}` }, { say: "ok" }]);
    const { data } = await confined.call("codex", review(topic, topic));
    return { audit: auditOf(data), old, now: readFileSync(auth(), "utf8") };
  };
  const renewal = (more: object = {}, tokens: object = {}) => login(0, { last_refresh: "NOW", ...more }, tokens);
  const isOfLogin = expect.objectContaining({ kind: "codex_home", path: "auth.json" });

  test.skipIf(!isEnforced)("comes back renewed, and that is told", async () => {
    const { audit, now } = await runWith(renewal(), "review-login-v1");
    expect(JSON.parse(now)).toMatchObject({ tokens: { refresh_token: "r0", account_id: "acc" } });
    expect(statSync(auth()).mode & 0o777).toBe(0o600);
    expect(audit).toMatchObject({ verdict: "UNVERIFIED", violations: [] });
    expect(audit.evidence.notes).toContainEqual(expect.stringContaining("was renewed"));
  });

  test.skipIf(!isEnforced)("comes back in no other way changed, and that is a violation", async () => {
    for (const [index, changed] of [
      renewal({ OPENAI_API_KEY: "sk-stolen" }),
      renewal({}, { access_token: token(10 * DAY_MS, { sub: "another" }) }),
      renewal({}, { id_token: token(10 * DAY_MS, {}, { chatgpt_account_id: "another" }) }),
      renewal({ last_refresh: "2026-01-01T00:00:00Z" }),
    ].entries()) {
      const { audit, old, now } = await runWith(changed, `review-changed-v${index + 1}`);
      expect(now).toBe(old);
      expect(audit.violations).toContainEqual(isOfLogin);
    }
  });

  test.skipIf(!isEnforced)("does not come back of a run that has violations, or whose commands name it", async () => {
    const violating = await runWith(renewal(), "review-violating-v1", { more: "; echo x > README.md" });
    expect(violating.audit.verdict).toBe("VIOLATION");
    expect(violating.now).toBe(violating.old);
    const named = await runWith(renewal(), "review-named-v1", { direct: true });
    expect(named.audit.violations).toContainEqual(isOfLogin);
    expect(named.now).toBe(named.old);
  });

  test.skipIf(!isEnforced)("one that is not due cannot be written to at all", async () => {
    const { audit, old, now } = await runWith(renewal(), "review-login-v8", { ageDays: 1 });
    expect(now).toBe(old);
    expect(audit.violations.filter(({ kind }) => kind === "codex_home")).toEqual([]);
  });
});

describe.skipIf(process.platform !== "linux")("a CODEX_HOME that cannot be used", () => {
  const places: [string, (home: string) => void][] = [
    ["is a file", (home) => writeFileSync(home, "")],
    ["has a file for its sessions", (home) => (mkdirSync(home), writeFileSync(join(home, "sessions"), ""))],
    ["can only be read", (home) => symlinkSync("/sys/kernel", home)],
  ];
  for (const [index, [what, make]] of places.entries()) {
    test(`since it ${what}: is named, with what to do`, async () => {
      const home = join(world.root, `codex-home-${index}`);
      make(home);
      const client = await world.client({ CODEXMCP_READONLY_FALLBACK: "1", CODEX_HOME: home });
      const { data } = await client.call("codex", review("LOOK", `review-unusable-v${index + 1}`));
      expect(data).toMatchObject({ status: "failed", code: "invalid_configuration" });
      expect(data["error"]).toContain(`CODEX_HOME (${home})`);
      expect(data["hint"]).toContain("CODEX_HOME");
    });
  }
});

describe.skipIf(process.platform !== "linux")("without Landlock", () => {
  test("the user's files in CODEX_HOME are put back as they were, and that is a violation", async () => {
    const command = ["python3", join(import.meta.dir, "..", "fixtures", "without-landlock.py"), BINARY];
    const client = await McpClient.start(command, world.environment({ CODEXMCP_READONLY_FALLBACK: "1" }), world.root);
    try {
      const skills = join(world.codexHome, "skills", "mine");
      mkdirSync(skills, { recursive: true });
      writeFileSync(join(skills, "SKILL.md"), "---\nname: mine\ndescription: Mine.\n---\n", { mode: 0o640 });
      const config = readFileSync(join(world.codexHome, "config.toml"), "utf8");
      world.stub.script("PLANT", [
        {
          run: `echo 'notify = ["touch", "${world.home}/notified"]' >> ${world.codexHome}/config.toml; rm ${skills}/SKILL.md; echo x > ${world.codexHome}/AGENTS.md; echo '{"enforcement":"landlock","abi":7}' > $(dirname $TMPDIR)/confinement.json`,
        },
        { say: "ok" },
      ]);
      const { data } = await client.call("codex", review("PLANT", "review-unprotected-v1"));
      expect(auditOf(data)).toMatchObject({ verdict: "VIOLATION", enforcement: "none" });
      const changed = auditOf(data).violations.flatMap((each) => (each.kind === "codex_home" ? [each.path] : []));
      expect(changed.toSorted()).toEqual(["AGENTS.md", "config.toml", "skills/mine/SKILL.md"]);
      expect(readFileSync(join(world.codexHome, "config.toml"), "utf8")).toBe(config);
      expect(readFileSync(join(skills, "SKILL.md"), "utf8")).toContain("name: mine");
      expect(statSync(join(skills, "SKILL.md")).mode & 0o777).toBe(0o640);
      expect(existsSync(join(world.codexHome, "AGENTS.md"))).toBe(false);
      expect(readFileSync(join(folderOf("review-unprotected-v1"), "codex-home-removed", "AGENTS.md"), "utf8")).toBe(
        "x\n",
      );
    } finally {
      await client.close();
    }
  });

  test("a log that is cut or rewritten is a violation", async () => {
    const command = ["python3", join(import.meta.dir, "..", "fixtures", "without-landlock.py"), BINARY];
    const client = await McpClient.start(command, world.environment({ CODEXMCP_READONLY_FALLBACK: "1" }), world.root);
    try {
      world.stub.script("REWRITE-LOG", [
        { run: "sleep 0.5; sed -i 's/sleep/nosleep/' $(dirname $TMPDIR)/codex-exec.log" },
        { say: "ok" },
      ]);
      const { data } = await client.call("codex", review("REWRITE-LOG", "review-log-v1"));
      expect(auditOf(data).violations).toContainEqual(expect.objectContaining({ kind: "log", took_effect: true }));
    } finally {
      await client.close();
    }
  });
});
