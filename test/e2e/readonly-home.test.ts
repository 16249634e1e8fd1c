// What of the user's CODEX_HOME a run under the read-only fallback can change, with the kernel's help and without.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ReadonlyAudit } from "#task/readonly-audit.ts";
import { hasLandlock } from "../support/landlock.ts";
import { McpClient } from "../support/mcp-client.ts";
import { BINARY, World } from "../support/world.ts";

const world = new World();
const isEnforced = hasLandlock(world.root);
if (!isEnforced) console.warn("SKIPPED: this kernel has no Landlock, so a login's renewal is not tested here");
const DAY_MS = 24 * 3600 * 1000;

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
  const login = (more: object = {}, ageDays = 7) => ({
    OPENAI_API_KEY: null,
    tokens: { id_token: "i", access_token: "a", refresh_token: "r1", account_id: "acc" },
    last_refresh: new Date(Date.now() - ageDays * DAY_MS).toISOString(),
    ...more,
  });
  const runWith = async (run: string, topic: string) => {
    world.stub.script(topic, [{ run }, { say: "ok" }]);
    return (await confined.call("codex", review(topic, topic))).data;
  };
  const edit = (script: string) => `python3 - <<'E'
import json, os
path = os.environ["CODEX_HOME"] + "/auth.json"
login = json.load(open(path))
${script}
json.dump(login, open(path, "w"))
E`;

  test.skipIf(!isEnforced)("comes back renewed, and in no other way changed", async () => {
    writeFileSync(auth(), JSON.stringify(login()), { mode: 0o644 });
    await runWith(
      edit('login["tokens"]["refresh_token"] = "r2"; login["last_refresh"] = "2026-01-01T00:00:00Z"'),
      "review-login-v1",
    );
    expect(JSON.parse(readFileSync(auth(), "utf8"))).toMatchObject({
      tokens: { refresh_token: "r2", account_id: "acc" },
    });
    expect(statSync(auth()).mode & 0o777).toBe(0o600);

    for (const [index, script] of [
      'login["OPENAI_API_KEY"] = "sk-stolen"',
      'login["tokens"]["account_id"] = "another"',
      'os.unlink(path); path = os.environ["TMPDIR"] + "/x"',
    ].entries()) {
      const text = JSON.stringify(login());
      writeFileSync(auth(), text);
      const data = await runWith(edit(script), `review-login-v${index + 2}`);
      expect(readFileSync(auth(), "utf8")).toBe(text);
      expect(auditOf(data).violations).toContainEqual(
        expect.objectContaining({ kind: "codex_home", path: "auth.json" }),
      );
    }
  });

  test.skipIf(!isEnforced)("one that is not due cannot be written to at all", async () => {
    const text = JSON.stringify(login({}, 1));
    writeFileSync(auth(), text);
    const data = await runWith(edit('login["tokens"]["refresh_token"] = "r2"'), "review-login-v8");
    expect(readFileSync(auth(), "utf8")).toBe(text);
    expect(auditOf(data).violations.filter(({ kind }) => kind === "codex_home")).toEqual([]);
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
