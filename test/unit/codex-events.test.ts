import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { codexArguments } from "#codex/process.ts";
import { describeEvent, unwrapCommand } from "#codex/run/describe.ts";
import { parseEvent } from "#codex/run/event.ts";
import { classifyFailure } from "#codex/run/failure.ts";
import { foldLog } from "#codex/run/run-log.ts";
import { applyEvent, NO_EVENTS, ownUsage, type RunState } from "#codex/run/run-state.ts";

const fixture = (name: string) => join(import.meta.dir, "..", "fixtures", "codex-0.169", `${name}.jsonl`);

const fold = (...events: object[]): RunState => {
  const parsed = events.map((event) => parseEvent(JSON.stringify(event)));
  return parsed.reduce<RunState>((state, event) => (event === undefined ? state : applyEvent(state, event)), NO_EVENTS);
};

describe("recorded logs of Codex 0.169", () => {
  test("a good run, with a non-fatal error at its start and a failing command", async () => {
    expect(await foldLog(fixture("good"))).toMatchObject({
      sessionId: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
      lastMessage: "All done.",
      terminal: { kind: "completed" },
      sessionUsage: { input_tokens: 400, output_tokens: 80 },
      isWaitingForNetwork: false,
    });
  });

  test("a used-up account", async () => {
    const state = await foldLog(fixture("usage-limit"));
    expect(state.terminal?.kind).toBe("failed");
    expect(classifyFailure({ state, stderr: "", exitCode: 1, signal: undefined }).code).toBe("rate_limited");
  });

  test("a stream that broke off: what was said before is kept", async () => {
    const state = await foldLog(fixture("stream-closed"));
    expect(state.lastMessage).toBe("part");
    expect(classifyFailure({ state, stderr: "", exitCode: 1, signal: undefined }).code).toBe("network");
  });

  test("every line says something or frames others, in words", async () => {
    const lines = (await Bun.file(fixture("good")).text()).trimEnd().split("\n");
    const said = lines
      .map((line) => parseEvent(line))
      .flatMap((event) => (event === undefined ? [] : [describeEvent(event)]));
    expect(said).toHaveLength(lines.length);
    const [warning, ...rest] = said.filter((line) => line !== undefined);
    expect(warning?.type).toBe("warning");
    expect(warning?.text).toStartWith("Model metadata");
    expect(rest).toEqual([
      { type: "thinking", text: "A file is enough." },
      { type: "command", text: "ls; echo hi >&2", tool_name: "shell" },
      { type: "tool_result", text: "ok: hi", tool_name: "shell" },
      { type: "tool_call", text: "add /world/p-agent-test-good/new.txt", tool_name: "apply_patch" },
      { type: "command", text: "exit 3", tool_name: "shell" },
      { type: "tool_result", text: "exit 3", tool_name: "shell" },
      { type: "text", text: "All done." },
    ]);
  });
});

describe("events that may come", () => {
  test("an event or item of a newer Codex is kept and changes nothing", () => {
    expect(parseEvent('{"type":"thread.paused","why":1}')).toEqual({ type: "unknown", name: "thread.paused" });
    const state = fold({ type: "item.completed", item: { type: "hologram", depth: 3 } });
    expect(state).toEqual(NO_EVENTS);
    expect(parseEvent('{"type":"item.completed","item":{"type":"agent_message","text":7}}')).toMatchObject({
      item: { type: "agent_message" },
    });
  });
});

describe("why a run did not succeed", () => {
  const cases: [string, Partial<Parameters<typeof classifyFailure>[0]>, string][] = [
    ["a signal", { signal: "SIGKILL", exitCode: undefined }, "killed_by_signal"],
    ["nothing said at all", { exitCode: 0 }, "no_terminal_event"],
    ["an exit status alone", { exitCode: 7 }, "codex_failed"],
    [
      "no such session",
      { stderr: "Error: thread/resume failed: no rollout found for thread id 1\n\nStack backtrace:\n" },
      "unknown_session",
    ],
    ["a busy session", { stderr: "Error: thread 1 already has an active writer" }, "session_busy"],
    [
      "no credentials",
      { state: fold({ type: "turn.failed", error: { message: "Missing environment variable: `K`." } }) },
      "not_logged_in",
    ],
    [
      "a key that is refused",
      { state: fold({ type: "turn.failed", error: { message: "unexpected status 401 Unauthorized" } }) },
      "not_logged_in",
    ],
    [
      "a rate limit",
      { state: fold({ type: "turn.failed", error: { message: "rate limit exceeded: try again in 11.054s." } }) },
      "rate_limited",
    ],
    ["no network", { state: fold({ type: "error", message: "Reconnecting... waiting for network" }) }, "network"],
    ["an unknown flag", { exitCode: 2, stderr: "error: unexpected argument '--json' found" }, "codex_incompatible"],
    ["a failed turn", { state: fold({ type: "turn.failed", error: { message: "model is gone" } }) }, "codex_failed"],
  ];
  for (const [name, evidence, code] of cases) {
    test(name, () => {
      const failure = classifyFailure({ state: NO_EVENTS, stderr: "", exitCode: 1, signal: undefined, ...evidence });
      expect(failure.code).toBe(code as typeof failure.code);
      expect(failure.message).not.toBe("");
      expect(failure.hint).not.toBe("");
    });
  }

  test("the time to retry is handed on", () => {
    const state = fold({
      type: "turn.failed",
      error: { message: "rate limit exceeded. Please try again in 11.054s." },
    });
    expect(classifyFailure({ state, stderr: "", exitCode: 1, signal: undefined }).hint).toContain(
      "try again in 11.054s",
    );
  });
});

test("a run's own tokens are the difference to what the session had used", () => {
  const usage = (input_tokens: number, output_tokens: number) => ({
    input_tokens,
    output_tokens,
    cached_input_tokens: 0,
    reasoning_output_tokens: 0,
  });
  expect(ownUsage(usage(600, 60), usage(400, 50))).toEqual(usage(200, 10));
  expect(ownUsage(usage(600, 60), undefined)).toEqual(usage(600, 60));
  expect(ownUsage(usage(100, 60), usage(400, 50))).toEqual(usage(0, 10));
});

test("the command is shown without the shell around it", () => {
  expect(unwrapCommand("/bin/bash -lc 'ls -l'")).toBe("ls -l");
  expect(unwrapCommand("bash -lc ls")).toBe("ls");
  expect(unwrapCommand("/bin/bash -lc \"a 'b' c\"")).toBe("a 'b' c");
  expect(unwrapCommand('/bin/bash -lc "printf \'a\\\\n\' > \\"$x\\""')).toBe("printf 'a\\n' > \"$x\"");
  expect(unwrapCommand("cargo test")).toBe("cargo test");
});

test("flags stand before resume, and nothing of a request can be taken for one", () => {
  const request = {
    sandbox: "full-access" as const,
    run_dir: "--help",
    resumes: "019d",
    model: "--evil",
    reasoning_effort: 'x"\ny',
    profile: "fast",
    images: ["/a,b.png"],
    output_schema_file: "/s.json",
  };
  expect(codexArguments(request)).toEqual([
    "exec",
    "--json",
    "--skip-git-repo-check",
    "--sandbox",
    "danger-full-access",
    "--cd=--help",
    "--profile=fast",
    "--model=--evil",
    '--config=model_reasoning_effort="x\\"\\ny"',
    "--output-schema=/s.json",
    "--image=/a,b.png",
    "resume",
    "019d",
    "-",
  ]);
});
