import { homedir } from "node:os";
import { join } from "node:path";
import type { Environment } from "#base/config.ts";

/** Facts about a machine on which the paths of the clients' files depend. */
export interface Machine {
  platform: NodeJS.Platform;
  home: string;
  environment: Environment;
}

/** Returns the machine that this process runs on. */
export function thisMachine(environment: Environment): Machine {
  return { platform: process.platform, home: environment["HOME"] || homedir(), environment };
}

/** Returns the folder for a user's application data. */
export function applicationData({ platform, home, environment }: Machine): string {
  if (platform === "darwin") return join(home, "Library", "Application Support");
  if (platform === "win32") return environment["APPDATA"] || join(home, "AppData", "Roaming");
  return configFolder({ platform, home, environment });
}

/** Returns the folder for settings that programs use which follow the XDG specification on every platform. */
export function configFolder({ home, environment }: Machine): string {
  return environment["XDG_CONFIG_HOME"] || join(home, ".config");
}

/** Returns a folder that a variable names, or a folder in the user's home folder. */
export function namedFolder({ home, environment }: Machine, variable: string, ...names: string[]): string {
  return environment[variable] || join(home, ...names);
}

/** Returns a path in the user's home folder. */
export function inHome({ home }: Machine, ...names: string[]): string {
  return join(home, ...names);
}

/** Returns VS Code's folder for a user's settings. */
export function vscodeFolder(machine: Machine): string {
  return join(applicationData(machine), "Code", "User");
}

/** Returns the folder of Cline in VS Code. */
export function clineFolder(machine: Machine): string {
  return join(vscodeFolder(machine), "globalStorage", "saoudrizwan.claude-dev");
}

/** Returns Zed's folder for settings. */
export function zedFolder(machine: Machine): string {
  return join(applicationData(machine), machine.platform === "linux" ? "zed" : "Zed");
}

/** Returns Goose's folder for settings. */
export function gooseFolder(machine: Machine): string {
  if (machine.platform === "win32") return join(applicationData(machine), "Block", "goose", "config");
  return join(machine.platform === "darwin" ? join(machine.home, ".config") : configFolder(machine), "goose");
}
