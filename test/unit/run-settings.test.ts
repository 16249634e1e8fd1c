import { expect, test } from "bun:test";
import { mergeProfile } from "#codex/engines/run-settings.ts";

const layer = (type: string, config: Record<string, unknown>, disabledReason: string | null = null) => ({
  name: { type },
  config,
  disabledReason,
});

test("a profile's settings are below those of projects and of the command line, and above the user's", () => {
  const profile = {
    model: "of-profile",
    effort: "low",
    verbosity: "low",
    mcp_servers: { a: { command: "a" }, b: { command: "b", enabled: true } },
  };
  const layers = [
    layer("sessionFlags", { model: "of-flags", mcp_servers: { b: { enabled: false } } }),
    layer("project", { effort: "high", mcp_servers: { a: { command: "of-project" } } }),
    layer("project", { verbosity: "high" }, "not trusted"),
    layer("user", { model: "of-user", verbosity: "medium" }),
  ];
  expect(mergeProfile(profile, layers)).toEqual({
    model: "of-flags",
    verbosity: "low",
    mcp_servers: { a: {}, b: { command: "b", enabled: false } },
  });
});
