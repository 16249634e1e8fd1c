import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FormerClient, FORMER_CALLS, shapeOf } from "../support/former-server.ts";
import { BINARY, World } from "../support/world.ts";

const RECORDED = join(import.meta.dir, "..", "fixtures", "codex-0.153", "mcp-server.json");

let world: World;
let client: FormerClient;
let cwd: string;

beforeAll(async () => {
  world = new World();
  world.stub.script("Explain", [{ say: "It explains itself." }]);
  world.stub.script("Continue", [{ say: "Continued." }]);
  world.stub.script("WRITE", [{ run: "echo hi > new.txt; git add new.txt" }, { say: "Written." }]);
  world.stub.script("DOWNLOAD", [{ run: "echo > /dev/tcp/127.0.0.1/9 && echo reached" }, { say: "Tried." }]);
  cwd = await world.repository();
  client = await FormerClient.start([BINARY], world, cwd);
});
afterAll(async () => {
  await client.close();
  await world.close();
});

describe("calls as they were written for codex mcp-server", () => {
  const recorded = JSON.parse(readFileSync(RECORDED, "utf8")) as Record<string, unknown>;
  test.each(Object.entries(FORMER_CALLS))("%s has the shape that Codex 0.153 answered", async (name, call) => {
    const answer = await client.call(call, cwd);
    expect(shapeOf(answer)).toEqual(recorded[name] as object);
  });
});

test("what cannot be honoured is refused by name, with what to use instead", async () => {
  const cases: [Record<string, unknown>, string, string][] = [
    [{ "approval-policy": "untrusted", sandbox: "workspace-write" }, "approval-policy", "approval-policy never"],
    [{ config: { sandbox_mode: "danger-full-access" } }, "config.sandbox_mode", "parameter sandbox"],
    [{ config: { "model_providers.x.api_key": "sk-1" } }, "config.model_providers.x.api_key", "config.toml"],
    [
      { config: { mcp_servers: { a: { command: "a", env: { TOKEN: "t" } } } }, sandbox: "workspace-write" },
      "TOKEN",
      "config.toml",
    ],
    [{ "include-plan-tool": false }, "include-plan-tool", "Omit"],
  ];
  for (const [more, named, instead] of cases) {
    const { isError, content } = await client.callTool("codex", { prompt: "Explain", cwd, ...more });
    expect(isError).toBe(true);
    const { error, code, hint } = JSON.parse(content.at(-1)?.text ?? "") as Record<string, string>;
    expect(code).toBe("invalid_argument");
    expect(error).toContain(named);
    expect(hint).toContain(instead);
  }
});

test("instructions and settings reach Codex", async () => {
  await client.callTool("codex", {
    prompt: "Explain with instructions",
    cwd,
    "base-instructions": "BASE-INSTRUCTIONS",
    "developer-instructions": "DEVELOPER-INSTRUCTIONS",
    config: { model_verbosity: "low", "tools.web_search": false },
  });
  const request = JSON.stringify(world.stub.requests.at(-1));
  expect(request).toContain("BASE-INSTRUCTIONS");
  expect(request).toContain("DEVELOPER-INSTRUCTIONS");
});

test("codex_dispatch takes the same parameters, and its answer has the notes on them", async () => {
  const { isError, structuredContent } = await client.callTool("codex_dispatch", {
    prompt: "Explain in the background",
    cwd,
    "approval-policy": "on-request",
    "developer-instructions": "DISPATCHED-INSTRUCTIONS",
  });
  expect(isError).toBeFalsy();
  expect(String(structuredContent?.["note"])).toContain("approval-policy on-request");
  await client.callTool("codex_wait", { task_ids: [structuredContent?.["task_id"]] });
  expect(JSON.stringify(world.stub.requests.at(-1))).toContain("DISPATCHED-INSTRUCTIONS");
});

describe("workspace-write", () => {
  test("works in the task's worktree; what it leaves is committed, although Codex cannot write to git's folder", async () => {
    const { structuredContent: data } = await client.callTool("codex", {
      prompt: "WRITE",
      cwd,
      sandbox: "workspace-write",
    });
    expect(data).toMatchObject({
      success: true,
      commits_ahead: 1,
      files_changed: ["new.txt"],
      uncommitted_changes: [],
    });
    expect(existsSync(join(cwd, "new.txt"))).toBe(false);
  });

  test("runs no hook that Codex may have written", async () => {
    const hooked = await world.repository("hooked");
    await world.git(hooked, "config", "core.hooksPath", ".husky");
    world.stub.script("HOOK", [
      {
        run: `mkdir -p .husky && printf '#!/bin/sh\\ntouch ${join(world.root, "escaped")}\\n' > .husky/pre-commit && chmod +x .husky/pre-commit`,
      },
      { say: "Hooked." },
    ]);
    const { structuredContent: data } = await client.callTool("codex", {
      prompt: "HOOK",
      cwd: hooked,
      sandbox: "workspace-write",
    });
    expect(data).toMatchObject({ success: true, commits_ahead: 1 });
    expect(existsSync(join(world.root, "escaped"))).toBe(false);
  });

  test("runs no other program of the worktree: a monitor, or a filter that Codex puts into use", async () => {
    const own = await world.repository("own-programs");
    await world.git(own, "config", "core.fsmonitor", "./tools/run.sh");
    await world.git(own, "config", "filter.own.clean", "sh tools/run.sh");
    const escaped = join(world.root, "escaped-program");
    const write = `mkdir -p tools && printf '#!/bin/sh\\ntouch ${escaped}\\ncat\\n' > tools/run.sh && chmod +x tools/run.sh`;
    world.stub.script("MONITOR", [{ run: write }, { say: "Written." }]);
    world.stub.script("FILTER", [
      { run: `${write}; echo '*.x filter=own' > .gitattributes; echo a > a.x` },
      { say: "Put." },
    ]);
    const monitor = await client.callTool("codex", { prompt: "MONITOR", cwd: own, sandbox: "workspace-write" });
    expect(monitor.structuredContent).toMatchObject({ success: true, commits_ahead: 1 });
    const filter = await client.callTool("codex", { prompt: "FILTER", cwd: own, sandbox: "workspace-write" });
    expect(filter.structuredContent).toMatchObject({ success: true, commits_ahead: 0 });
    expect(String(filter.structuredContent?.["commit_error"])).toContain("filter own of a.x runs sh tools/run.sh");
    expect(existsSync(escaped)).toBe(false);
  });

  test("uses filters that run no file of the worktree", async () => {
    const filtered = await world.repository("filtered");
    await world.git(filtered, "config", "filter.upper.clean", "tr a-z A-Z");
    world.stub.script("UPPER", [{ run: "echo '*.x filter=upper' > .gitattributes; echo abc > a.x" }, { say: "Put." }]);
    const { structuredContent: data } = await client.callTool("codex", {
      prompt: "UPPER",
      cwd: filtered,
      sandbox: "workspace-write",
    });
    expect(data).toMatchObject({ success: true, commits_ahead: 1 });
    expect(await world.git(filtered, "show", `${String(data?.["agent_branch"])}:a.x`)).toBe("ABC");
  });

  test("has network only if asked for", async () => {
    const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    world.stub.script("CONNECT", [
      { run: `bash -c 'echo > /dev/tcp/127.0.0.1/${listener.port} && echo REACHED'` },
      { say: "Tried." },
    ]);
    const outputs = async (network: boolean) => {
      const before = world.stub.toolOutputs.length;
      await client.callTool("codex", { prompt: "CONNECT", cwd, sandbox: "workspace-write", network });
      return world.stub.toolOutputs.slice(before).join("\n");
    };
    expect(await outputs(false)).not.toContain("REACHED");
    expect(await outputs(true)).toContain("REACHED");
    listener.stop(true);
  });
});

test("an empty threadId does not hide conversationId", async () => {
  const first = await client.callTool("codex", { prompt: "Explain once more", cwd });
  const conversationId = first.structuredContent?.["threadId"];
  const { structuredContent } = await client.callTool("codex-reply", {
    prompt: "Continue",
    threadId: "",
    conversationId,
  });
  expect(structuredContent).toMatchObject({ threadId: conversationId });
});

test("a relative cwd is one below the server's own folder", async () => {
  writeFileSync(join(world.folder("project/sub"), "a.txt"), "a\n");
  const { structuredContent: data } = await client.callTool("codex", { prompt: "Explain", cwd: "sub" });
  expect(data).toMatchObject({ success: true });
});
