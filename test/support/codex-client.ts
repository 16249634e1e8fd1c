import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { BINARY, CODEX, type World } from "./world.ts";

/** Configures the world's Codex with this server, as `tasks`, whose tools it may call without asking. */
export function giveServerToCodex(world: World): void {
  const variables = '["STUB_KEY", "CODEXMCP_CODEX_BIN", "CODEXMCP_TMUX_SOCKET"]';
  const server = `command = "${BINARY}"\nenv_vars = ${variables}\ndefault_tools_approval_mode = "approve"`;
  appendFileSync(join(world.codexHome, "config.toml"), `\n[mcp_servers.tasks]\n${server}\n`);
}

/** Runs the world's Codex, outside any task, on a prompt. @returns its last message */
export async function askCodex(world: World, folder: string, prompt: string): Promise<string> {
  return world.run(folder, [CODEX, "exec", "--sandbox", "read-only", "--skip-git-repo-check", prompt]);
}

/** A step of the scripted model in which it calls a tool of this server. */
export function callTasks(tool: string, args: object): { server: string; tool: string; args: object } {
  return { server: "tasks", tool, args };
}
