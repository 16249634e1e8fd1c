import { homedir } from "node:os";
import { join } from "node:path";
import type { Environment } from "#base/config.ts";
import { IS_MACOS, IS_WINDOWS } from "#base/system.ts";

/** MCP client that this program can be set up in. */
export interface McpClient {
  id: string;
  title: string;
  /** Returns the file with the servers for all of the user's projects. */
  file: (environment: Environment) => string;
  format: FileFormat;
  /** The client's own command line for this purpose, if it has one. */
  cli?: ClientCli;
  /** Step that makes the client notice the change. */
  afterwards: string;
}

/** Format of the servers in a client's file. */
export interface FileFormat {
  language: "json" | "toml";
  /** Name of the object that contains the servers by name. */
  key: string;
  /** Fields that the client requires besides command, args and env. */
  more?: Record<string, string>;
}

/** Command line interface of a client. */
export interface ClientCli {
  program: string;
  add: (entry: NamedEntry) => string[];
  remove: (name: string) => string[];
}

/** Command with which a client starts a server. */
export interface ServerEntry {
  command: string;
  args: string[];
  env: Record<string, string>;
}

/** Server entry with the name that the client uses for it. */
export interface NamedEntry extends ServerEntry {
  name: string;
}

const MCP_SERVERS: FileFormat = { language: "json", key: "mcpServers" };

/** Supported clients, in the order of the help. Sources: each client's own documentation of its MCP configuration. */
export const CLIENTS: readonly McpClient[] = [
  {
    id: "claude-code",
    title: "Claude Code",
    file: (environment) => join(environment["CLAUDE_CONFIG_DIR"] || userHome(environment), ".claude.json"),
    format: MCP_SERVERS,
    cli: {
      program: "claude",
      add: ({ name, command, args, env }) => [
        "mcp",
        "add",
        name,
        "-s",
        "user",
        ...assignments("-e", env),
        "--",
        command,
        ...args,
      ],
      remove: (name) => ["mcp", "remove", name, "-s", "user"],
    },
    afterwards: "Restart Claude Code, or type /mcp in it.",
  },
  {
    id: "claude-desktop",
    title: "Claude Desktop",
    file: (environment) => join(applicationData(environment), "Claude", "claude_desktop_config.json"),
    format: MCP_SERVERS,
    afterwards: "Quit and restart Claude Desktop.",
  },
  {
    id: "cursor",
    title: "Cursor",
    file: (environment) => join(userHome(environment), ".cursor", "mcp.json"),
    format: MCP_SERVERS,
    afterwards: "Cursor asks before the first use; see MCP in its settings.",
  },
  {
    id: "vscode",
    title: "VS Code",
    file: (environment) => join(applicationData(environment), "Code", "User", "mcp.json"),
    format: { language: "json", key: "servers", more: { type: "stdio" } },
    afterwards: "Run the command “MCP: List Servers” in VS Code to see it.",
  },
  {
    id: "codex",
    title: "Codex",
    file: (environment) => join(environment["CODEX_HOME"] || join(userHome(environment), ".codex"), "config.toml"),
    format: { language: "toml", key: "mcp_servers" },
    cli: {
      program: "codex",
      add: ({ name, command, args, env }) => ["mcp", "add", name, ...assignments("--env", env), "--", command, ...args],
      remove: (name) => ["mcp", "remove", name],
    },
    afterwards: "Restart Codex; set tool_timeout_sec in its config.toml to raise its limit of 300 s for a call.",
  },
  {
    id: "windsurf",
    title: "Windsurf",
    file: (environment) => join(userHome(environment), ".codeium", "windsurf", "mcp_config.json"),
    format: MCP_SERVERS,
    afterwards: "Press Refresh in Windsurf's list of MCP servers.",
  },
];

function assignments(option: string, env: Record<string, string>): string[] {
  return Object.entries(env).flatMap(([name, value]) => [option, `${name}=${value}`]);
}

function userHome(environment: Environment): string {
  return environment["HOME"] || homedir();
}

/** Returns the folder for a user's application data. */
function applicationData(environment: Environment): string {
  const home = userHome(environment);
  if (IS_MACOS) return join(home, "Library", "Application Support");
  if (IS_WINDOWS) return environment["APPDATA"] || join(home, "AppData", "Roaming");
  return environment["XDG_CONFIG_HOME"] || join(home, ".config");
}
