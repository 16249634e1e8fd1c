import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeTuiHome } from "#codex/tui/tui-home.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tui-home-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the interface gets the user's settings of how it looks, and nothing else: no login, no keys, no servers", () => {
  const user = join(folder, "user");
  mkdirSync(join(user, "themes"), { recursive: true });
  writeFileSync(join(user, "auth.json"), "{}");
  writeFileSync(join(user, "themes", "mine.tmTheme"), "theme");
  const settings = `model = "m"
file_opener = "cursor"
[tui]
theme = "mine"
notifications = ["agent-turn-complete"]
[tui.keymap]
"quit \\"now\\"" = 'C:\\x'
[mcp_servers.s.env]
KEY = "secret"
`;
  writeFileSync(join(user, "config.toml"), settings);
  const home = join(folder, "home");
  makeTuiHome(user, home);
  const file = join(home, "config.toml");
  expect(Bun.TOML.parse(readFileSync(file, "utf8"))).toEqual({
    check_for_update_on_startup: false,
    file_opener: "cursor",
    tui: { theme: "mine", notifications: ["agent-turn-complete"], keymap: { 'quit "now"': "C:\\x" } },
  });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(home).mode & 0o777).toBe(0o700);
  expect(readdirSync(home).toSorted()).toEqual(["config.toml", "themes"]);
  expect(readdirSync(join(home, "themes"))).toEqual(["mine.tmTheme"]);
});

test("a configuration that cannot be read does not prevent the interface", () => {
  const user = join(folder, "broken");
  mkdirSync(user);
  writeFileSync(join(user, "config.toml"), "tui = [");
  makeTuiHome(user, join(folder, "other"));
  expect(readFileSync(join(folder, "other", "config.toml"), "utf8")).toBe("check_for_update_on_startup = false\n");
});
