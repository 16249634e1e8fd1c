import { symlinkSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { readConfigFile } from "#codex/config-files.ts";
import { toToml } from "#codex/settings.ts";
import { pathExists } from "#base/paths.ts";
import { makePrivateFolder, writePrivateFile } from "#platform/files/files.ts";

/** User's settings that only concern how Codex's interface looks. All others are the app-server's. */
const INTERFACE_SETTINGS = new Set([
  "tui",
  "file_opener",
  "hide_agent_reasoning",
  "show_raw_agent_reasoning",
  "disable_paste_burst",
]);
/** Folders of CODEX_HOME that those settings refer to. */
const INTERFACE_FOLDERS = ["themes", "prompts"];

const SettingsSchema = v.record(v.string(), v.unknown());

/**
 * Creates a CODEX_HOME for Codex's own interface when it is a client of an app-server, which has the login, the sessions and the
 * configuration: the interface would write counters and answers to its questions into the user's `config.toml`.
 * @param home path of the folder, which is created
 */
export function makeTuiHome(userHome: string, home: string): void {
  makePrivateFolder(home);
  const settings = readConfigFile(join(userHome, "config.toml"), SettingsSchema) ?? {};
  const kept = Object.entries(settings).filter(([name]) => INTERFACE_SETTINGS.has(name));
  const lines = kept.map(([name, value]) => `${name} = ${toToml(value)}\n`);
  writePrivateFile(join(home, "config.toml"), `check_for_update_on_startup = false\n${lines.join("")}`);
  for (const name of INTERFACE_FOLDERS) {
    const folder = join(userHome, name);
    if (pathExists(folder)) symlinkSync(folder, join(home, name));
  }
}
