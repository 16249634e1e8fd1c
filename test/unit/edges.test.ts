import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startTimer } from "#base/concurrency.ts";
import { readConfig } from "#base/config.ts";
import { checkProfile } from "#codex/config-files.ts";
import { parseEvent } from "#codex/run/event.ts";
import { classifyFailure } from "#codex/run/failure.ts";
import { applyEvent, NO_EVENTS } from "#codex/run/run-state.ts";
import { toSettings, toToml } from "#codex/settings.ts";

const codeOf = (message: string) =>
  classifyFailure({
    state: { ...NO_EVENTS, terminal: { kind: "failed", message } },
    stderr: "",
    exitCode: 1,
    signal: undefined,
  }).code;

describe("a failure's cause is a whole phrase, not a word that happens to be in it", () => {
  test.each([
    "write /home/u/.codex/sessions/x.jsonl: Disk quota exceeded (os error 122)",
    "cannot read src/quota.ts",
    "the build ended with 429 warnings and 401 errors",
    "the page says: unauthorized",
    "rate limit of the logger is 5 lines",
    "the usage limit of the parser is 5 lines",
    "write /home/u/x: Quota exceeded (os error 122)",
    "EDQUOT: storage quota exceeded, write",
    "cannot read docs/refresh token.md",
  ])("%p", (message) => expect(codeOf(message)).toBe("codex_failed"));

  test.each([
    "You’ve hit your usage limit. Try again later.",
    "You've reached your weekly usage limit.",
    "The usage limit has been reached",
    "Quota exceeded for metric: generate_content_requests",
    "exceeded retry limit, last status: 429 Too Many Requests",
    "Rate limit reached for gpt-5",
    "You exceeded your current quota, please check your plan",
    "stream error: insufficient_quota",
    "Quota exceeded. Check your plan and billing details.",
  ])("%p is a limit", (message) => expect(codeOf(message)).toBe("rate_limited"));

  test.each([
    "unexpected status 401 Unauthorized: Missing bearer",
    "Not logged in",
    "Your access token could not be refreshed because your refresh token was revoked.",
    "Incorrect API key provided: sk-x",
  ])("%p is a missing login", (message) => expect(codeOf(message)).toBe("not_logged_in"));
});

describe("null in an event counts as left out", () => {
  test("a completed turn without usage is completed", () => {
    const event = parseEvent('{"type":"turn.completed","usage":null}');
    expect(event && applyEvent(NO_EVENTS, event)).toMatchObject({
      terminal: { kind: "completed" },
      sessionUsage: undefined,
    });
  });

  test.each([
    '{"type":"turn.completed","usage":{"input_tokens":1,"cached_input_tokens":null,"output_tokens":2}}',
    '{"type":"turn.failed","error":null}',
    '{"type":"turn.failed","error":{"message":null}}',
    '{"type":"error","message":null}',
    '{"type":"item.completed","item":{"type":"agent_message","text":null}}',
    '{"type":"item.completed","item":{"type":"file_change","changes":null,"status":null}}',
    '{"type":"item.completed","item":{"type":"command_execution","command":"ls","aggregated_output":null,"exit_code":null}}',
    '{"type":"item.updated","item":{"type":"todo_list","items":null}}',
  ])("%s is read", (line) => {
    const event = parseEvent(line);
    expect(String(event?.type)).toBe((JSON.parse(line) as { type: string }).type);
    expect(event !== undefined && "item" in event && "isUnread" in event.item).toBe(false);
  });
});

describe("profiles are looked up by the rules of the installed Codex", () => {
  const home = mkdtempSync(join(tmpdir(), "codexmcp-profiles-"));
  writeFileSync(join(home, "config.toml"), '[profiles.fast]\nmodel = "m"\n');
  writeFileSync(join(home, "deep.config.toml"), "");
  afterAll(() => rmSync(home, { recursive: true }));

  test.each([
    ["0.98.0", "fast", true],
    ["0.133.0", "fast", true],
    ["0.133.0", "deep", false],
    ["0.134.0", "deep", true],
    ["0.169.0", "fast", false],
    [undefined, "fast", true],
    [undefined, "deep", true],
    [undefined, "../deep", false],
  ] as const)("%s and %s", (version, name, isThere) => {
    const check = () => checkProfile(home, name, version);
    if (isThere) expect(check).not.toThrow();
    else expect(check).toThrow(expect.objectContaining({ code: "unknown_profile" }) as Error);
  });
});

test("CODEX_HOME is passed on as it was checked", () => {
  const { codexHome, environment } = readConfig({ HOME: "/home/u", CODEX_HOME: "~/codex" });
  expect(environment["CODEX_HOME"]).toBe(codexHome);
  expect(codexHome).not.toContain("~");
});

test("a wrong value is named as it is", () => {
  expect(() => readConfig({ CODEXMCP_KEEP_TASKS: "abc" })).toThrow('"abc"');
});

test("a timer of more than 2^31 ms does not end at once", async () => {
  let isDone = false;
  const cancels = [2 ** 31, 30 * 86_400_000, 9_999_999_999, Number.POSITIVE_INFINITY].map((ms) =>
    startTimer(ms, () => (isDone = true)),
  );
  await Bun.sleep(20);
  for (const cancel of cancels) cancel();
  expect(isDone).toBe(false);
  await new Promise<void>((resolve) => startTimer(5, resolve));
});

describe("settings", () => {
  test("are TOML that a parser reads back", () => {
    const values = ['a"b\\\n\u007F\u0001名', 1, 1.5, -0.25, true, [1, "x", [false]], { a: { "b c": [1] }, "d.e": "f" }];
    for (const value of values) expect(Bun.TOML.parse(`x = ${toToml(value)}`)).toEqual({ x: value } as object);
  });

  test.each([
    [{ sandbox_mode: "danger-full-access" }, "sandbox_mode"],
    [{ "sandbox_workspace_write.network_access": true }, "sandbox_workspace_write"],
    [{ approval_policy: "on-request" }, "approval_policy"],
    [{ notify: ["sh", "-c", "x"] }, "notify"],
    [{ "a=b": 1 }, "a=b"],
    [{ model_providers: { x: { http_headers: { Authorization: "Bearer x" } } } }, "Authorization"],
    [{ x: "y".repeat(70_000) }, "bytes"],
    [{ "model_providers.x": { auth: { command: "sh" } } }, "model_providers.x"],
    [{ model_providers: { x: { auth: { command: "sh" } } } }, "model_providers"],
    [{ projects: { "/p": { trust_level: "trusted" } } }, "projects"],
    [{ plugins: { "x@y": { enabled: true } } }, "plugins"],
    [{ "marketplaces.y.source": "/tmp/y" }, "marketplaces"],
    [{ log_dir: "/tmp/x" }, "log_dir"],
    [{ sqlite_home: "/tmp/x" }, "sqlite_home"],
    [{ profile: "x" }, "profile"],
    [{ "profiles.x.sandbox_mode": "danger-full-access" }, "profiles"],
    [{ model_providers: { x: { base_url: "https://user:pass@example.org" } } }, "base_url"],
    [{ model_providers: { x: { http_headers: { "X-Auth": "x" } } } }, "X-Auth"],
    [{ "mcp_servers.x.args": ["--login", `sk-proj-${"a".repeat(40)}`] }, "mcp_servers"],
    [{ a: [`sk-proj-${"a".repeat(40)}`] }, "config.a.0"],
    [{ "shell_environment_policy.set.GITHUB_TOKEN": "x" }, "GITHUB_TOKEN"],
    [{ a: { apiKey: "x" } }, "apiKey"],
  ])("%j is refused", (config, named) => {
    expect(() => toSettings(config, "read-only")).toThrow(named);
  });

  test.each([
    { cli_auth_credentials_store: "keyring" },
    { "tui.keymap": "vim" },
    { "model_providers.tokenizer.base_url": "http://127.0.0.1:1/v1" },
    { preferred_auth_method: "chatgpt" },
    { tool_output_token_limit: 1000 },
    { developer_instructions: "Connect to postgres://user:pass@localhost/test." },
  ])("%j is no secret", (config) => {
    expect(toSettings(config, "read-only")).toHaveLength(1);
  });

  test("null is left out of lists too, and what TOML writes differently is written so", () => {
    expect(toToml([null, "a"])).toBe('["a"]');
    expect(toToml(Number.POSITIVE_INFINITY)).toBe("inf");
    expect(toToml("\uD800")).toBe('"\uFFFD"');
  });

  test("names of variables are no secrets", () => {
    expect(toSettings({ model_providers: { x: { env_key: "MY_KEY" } } }, "read-only")).toHaveLength(1);
  });
});
