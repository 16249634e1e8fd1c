import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { ERROR_CODES } from "#base/errors.ts";
import type { McpClient, ToolAnswer } from "../support/mcp-client.ts";
import { runShell } from "../support/hostile.ts";
import { World } from "../support/world.ts";

let world: World;
let client: McpClient;
let repository: string;

beforeAll(async () => {
  world = new World();
  world.stub.script("SAY-HELLO", [{ say: "Hello." }]);
  repository = await world.repository();
  client = await world.client({ CODEXMCP_QUOTA_WAIT: "0" });
});

afterAll(() => world.close());

const good = () => ({ prompt: "SAY-HELLO", cwd: repository, topic: "review-x-v1", sandbox: "read-only" });

/** A refusal has the closed shape: a known code, one sentence, a hint. */
function expectRefusal(answer: ToolAnswer, code: keyof typeof ERROR_CODES): string {
  expect(answer).toEqual({
    isError: true,
    data: { success: false, code, error: expect.any(String) as unknown, hint: expect.any(String) as unknown },
  });
  return `${String(answer.data["error"])} ${String(answer.data["hint"])}`;
}

describe("a wrong request is refused in words, and nothing is changed", () => {
  const cases: [string, object, keyof typeof ERROR_CODES, string][] = [
    ["a relative cwd that does not exist", { cwd: "some/where" }, "invalid_cwd", "/some/where"],
    ["a missing cwd", { cwd: "/nowhere/at/all" }, "invalid_cwd", "does not exist"],
    ["a file as cwd", { cwd: "/etc/passwd" }, "invalid_cwd", "not a folder"],
    ["an empty prompt", { prompt: " \n" }, "invalid_prompt", "empty"],
    ["a prompt over 1 MiB", { prompt: "x".repeat(1024 * 1024 + 1) }, "invalid_prompt", "1048577 bytes"],
    ["a session id that is an option", { session_id: "--last" }, "unknown_session", "--last"],
    ["an unknown profile", { profile: "nope" }, "unknown_profile", 'no profile "nope"'],
    ["a profile that is a path", { profile: "../../etc" }, "unknown_profile", "../../etc"],
    ["a relative image", { images: ["shot.png"] }, "invalid_image", "shot.png"],
    ["an unknown sandbox", { sandbox: "write" }, "invalid_argument", "sandbox"],
    ["an unknown parameter", { prmpt: "x" }, "invalid_argument", "prmpt"],
    ["a parameter of the wrong type", { timeout_seconds: "soon" }, "invalid_argument", "timeout_seconds"],
  ];
  for (const [name, change, code, words] of cases) {
    test(name, async () => {
      for (const tool of ["codex", "codex_dispatch"]) {
        expect(expectRefusal(await client.call(tool, { ...good(), ...change }), code)).toContain(words);
      }
    });
  }

  test("nothing was left by any of them", () => {
    expect(existsSync(join(repository, ".codex-tasks"))).toBe(false);
    expect(existsSync(join(world.stateHome, "tasks")) ? readdirSync(join(world.stateHome, "tasks")) : []).toEqual([]);
  });
});

test("an unknown task and an unknown tool are refused in words", async () => {
  expectRefusal(await client.call("codex_status", { task_id: "codex-review-none-v1" }), "unknown_task");
  expectRefusal(await client.call("codex_cancel", { task_id: "../../etc" }), "unknown_task");
  expectRefusal(await client.call("codex_cancel", {}), "invalid_argument");
  expectRefusal(await client.call("codex_frobnicate", {}), "invalid_argument");
});

test("an unknown session is reported as such, with the task recorded as failed", async () => {
  const session_id = "019d0aa8-1111-7111-8111-111111111111";
  const answer = await client.call("codex", { ...good(), topic: "review-lost-v2", session_id });
  expect(answer).toMatchObject({ isError: true, data: { success: false, code: "unknown_session" } });
  const status = await client.call("codex_status", { task_id: "codex-review-lost-v2" });
  expect(status.data).toMatchObject({ status: "failed", code: "unknown_session" });
});

test("what the model's side refuses is a failure with its code, never a success", async () => {
  world.stub.script("NO-KEY", [{ httpStatus: 401 }]);
  world.stub.script("NO-QUOTA", [{ httpStatus: 429, error: { type: "usage_limit_reached", message: "limit" } }]);
  world.stub.script("TOO-FAST", [{ fail: "Please try again in 11s.", code: "rate_limit_exceeded" }]);
  world.stub.script("BROKEN", [{ say: "I will" }, { end: "break" }]);
  const run = async (prompt: string, topic: string) => (await client.call("codex", { ...good(), prompt, topic })).data;
  expect(await run("NO-KEY", "review-key-v1")).toMatchObject({ success: false, code: "not_logged_in" });
  expect(await run("NO-QUOTA", "review-quota-v1")).toMatchObject({ success: false, code: "rate_limited" });
  const fast = await run("TOO-FAST", "review-fast-v1");
  expect(fast).toMatchObject({ success: false, code: "rate_limited" });
  expect(fast["hint"]).toContain("try again in 11s");
  const broken = await run("BROKEN", "review-broken-v1");
  expect(broken).toMatchObject({ success: false, code: "network", result: "I will" });
});

describe("a missing program is named, with what to do", () => {
  /** A PATH that has only what is asked for. */
  const pathWith = (...programs: string[]) => {
    const folder = world.folder(`bin-${programs.join("-")}`);
    for (const program of ["sh", "cat", ...programs]) {
      const found = Bun.which(program);
      if (found !== null && !existsSync(join(folder, program))) symlinkSync(found, join(folder, program));
    }
    return folder;
  };
  const full = () => ({ ...good(), topic: "implement-x-v1", sandbox: "full-access" });

  test("codex", async () => {
    const without = await world.client({ CODEXMCP_CODEX_BIN: undefined, PATH: pathWith("git", "tmux") });
    expect(expectRefusal(await without.call("codex", good()), "codex_missing")).toContain(
      "npm install -g @openai/codex",
    );
    const wrong = await world.client({ CODEXMCP_CODEX_BIN: "/nowhere/codex" });
    expect(expectRefusal(await wrong.call("codex", good()), "codex_missing")).toContain("CODEXMCP_CODEX_BIN");
  });

  test("tmux, for full-access only", async () => {
    const without = await world.client({ PATH: pathWith("git", "node") });
    expectRefusal(await without.call("codex", full()), "tmux_missing");
    expect(await without.call("codex", good())).toMatchObject({ isError: false });
  });

  test("git, for full-access only", async () => {
    const without = await world.client({ PATH: pathWith("tmux", "node") });
    expectRefusal(await without.call("codex", full()), "git_missing");
  });
});

test("a wrong environment variable is named", async () => {
  const wrong = await world.client({ CODEXMCP_KEEP_TASKS: "many" });
  expect(expectRefusal(await wrong.call("codex_status", {}), "invalid_configuration")).toContain("CODEXMCP_KEEP_TASKS");
});

test("a state folder that cannot be written is named", async () => {
  const file = join(world.root, "file");
  writeFileSync(file, "");
  const wrong = await world.client({ CODEXMCP_HOME: join(file, "state") });
  const answer = await wrong.call("codex_status", {});
  expect(answer.isError).toBe(true);
  expect(answer.data["code"]).toBe("state_unusable");
});

test("a program that is no Codex is reported by what it said", async () => {
  const fake = join(world.root, "bin", "no-codex");
  writeFileSync(fake, "#!/bin/sh\necho \"error: unexpected argument '--json' found\" >&2\nexit 2\n");
  chmodSync(fake, 0o755);
  const wrong = await world.client({ CODEXMCP_CODEX_BIN: fake });
  const answer = await wrong.call("codex", { ...good(), topic: "review-fake-v1" });
  expect(answer.data).toMatchObject({ success: false, code: "codex_incompatible", exit_code: 2 });
  writeFileSync(fake, "#!/bin/sh\nexit 0\n");
  const silent = await wrong.call("codex", { ...good(), topic: "review-silent-v1" });
  expect(silent.data).toMatchObject({ success: false, code: "no_terminal_event", exit_code: 0 });
});

test("commands that the sandbox could not be set up for are no review", async () => {
  // Codex as it is where user namespaces are refused: the commands fail, the run ends well.
  const fake = join(world.root, "bin", "codex-without-namespaces");
  const output = "bwrap: No permissions to create a new namespace, likely because the kernel does not allow it";
  const events = [
    { type: "thread.started", thread_id: "019d0aa8-1111-7111-8111-111111111111" },
    {
      type: "item.completed",
      item: { type: "command_execution", command: "ls", aggregated_output: output, exit_code: 1, status: "failed" },
    },
    { type: "item.completed", item: { type: "agent_message", text: "I could not look, but all seems well." } },
    { type: "turn.completed", usage: { input_tokens: 1, output_tokens: 1 } },
  ];
  const log = join(world.root, "events.jsonl");
  writeFileSync(log, events.map((event) => `${JSON.stringify(event)}\n`).join(""));
  writeFileSync(fake, `#!/bin/sh\ncat '${log}'\n`);
  chmodSync(fake, 0o755);
  const broken = await world.client({ CODEXMCP_CODEX_BIN: fake });
  const answer = await broken.call("codex", { ...good(), topic: "review-sandbox-v1" });
  expect(answer).toMatchObject({
    isError: true,
    data: {
      success: false,
      code: "sandbox_unavailable",
      exit_code: 0,
      result: "I could not look, but all seems well.",
    },
  });
});

describe("a workspace may be named as its owner likes", () => {
  for (const name of [
    "with space",
    'it\'s "quoted"',
    "$(touch pwned)",
    "new\nline",
    "#(touch pwned)",
    "名前-ü",
    "-rf",
  ]) {
    test(JSON.stringify(name), async () => {
      const parent = join(world.root, "odd");
      mkdirSync(parent, { recursive: true });
      const cwd = await world.repository(join("odd", name));
      const request = { ...good(), cwd, topic: "implement-odd-v1", sandbox: "full-access" };
      const answer = await client.call("codex", request);
      expect(answer.data).toMatchObject({
        success: true,
        worktree_dir: `${cwd}-agent-implement-odd`,
        commits_ahead: 0,
        diff_stat: "",
      });
      expect((await client.call("codex", { ...request, sandbox: "read-only", topic: "review-odd-v1" })).isError).toBe(
        false,
      );
      expect(readdirSync(world.root).concat(readdirSync(parent))).not.toContain("pwned");
      expect(await world.run(cwd, ["git", "status", "--porcelain"])).toBe("");
    });
  }
});

test("a prompt of exactly 1 MiB reaches Codex whole, and never in a command line", async () => {
  const prompt = `SAY-HELLO${"x".repeat(1024 * 1024 - 9)}`;
  const answer = await client.call("codex", { ...good(), prompt, topic: "review-long-v1" });
  expect(answer.data).toMatchObject({ success: true });
  const texts = world.stub.requests
    .at(-1)
    ?.input.flatMap((item) => (item.content ?? []).map((part) => part.text ?? ""));
  expect(texts?.some((text) => text === prompt)).toBe(true);
});

test("images, and what Codex reads of a project, must be files of a sensible size", async () => {
  const repo = await world.repository("odd");
  const script =
    "mkfifo pipe; truncate -s 30M large; mkdir -p sub/.codex below; mkfifo sub/.codex/config.toml below/AGENTS.md";
  runShell(repo, script);
  const odd = { ...good(), topic: "review-odd-v1" };
  for (const name of ["pipe", "large", "sub", "/dev/zero", "none"]) {
    const answer = await client.call("codex", { ...odd, images: [resolve(repo, name)] });
    expect(answer.data).toMatchObject({ code: "invalid_image" });
  }
  for (const folder of ["sub", "below"]) {
    const answer = await client.call("codex", { ...odd, cwd: join(repo, folder) });
    expect(answer.data).toMatchObject({ code: "repository_unusable" });
  }
  const nul = await client.call("codex", { ...odd, model: "a\0b" });
  expect(nul.data).toMatchObject({ code: "invalid_argument", error: expect.stringContaining("model") as string });
});
