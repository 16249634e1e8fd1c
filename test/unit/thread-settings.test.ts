import { expect, test } from "bun:test";
import { threadSettings } from "#codex/engines/thread-settings.ts";

const request = { sandbox: "read-only", run_dir: "/" } as const;

test("settings become tables, later ones replace earlier ones", () => {
  const flags = ['--config=mcp_servers={"a.b"={enabled=false,command="x=y"}}', "--config=features.plugins=false"];
  const settings = [
    "tools.view_image=false",
    'tools.other={ "x" = [1, 2] }',
    "tools.view_image=true",
    'web_search="live"',
  ];
  expect(threadSettings({ ...request, model: "m", reasoning_effort: "high", settings }, flags)).toEqual({
    model: "m",
    config: {
      model_reasoning_effort: "high",
      mcp_servers: { "a.b": { enabled: false, command: "x=y" } },
      features: { plugins: false },
      tools: { view_image: true, other: { x: [1, 2] } },
      web_search: "live",
    },
  });
  expect(threadSettings(request, [])).toEqual({ config: {} });
});

test("what concerns the process, or cannot be sent, is left to its start", () => {
  const refused = [
    "features.shell_snapshot=false",
    'model_providers.x={ name = "x" }',
    "sqlite_home='/x'",
    "model_context_window=1",
    "model_verbosity=2026-01-01",
    "tools.x=inf",
    "tools.x={ y = nan }",
    "tools.x=",
  ];
  for (const setting of refused) {
    expect([setting, threadSettings({ ...request, settings: [setting] }, [])]).toEqual([setting, undefined]);
  }
});
