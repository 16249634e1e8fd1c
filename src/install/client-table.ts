import { homedir } from "node:os";
import { join } from "node:path";
import type { Environment } from "#base/config.ts";

/** An MCP client that this program can be set up in. */
export interface McpClient {
  id: string;
  title: string;
  /** Where it keeps its servers for all projects of the user. */
  file: (environment: Environment) => string;
  format: FileFormat;
  /** The client's own command line for it, where it has one. */
  cli?: ClientCli;
  /** What the user has to do for it to notice. */
  afterwards: string;
}

/** How a client's file names its servers. */
export interface FileFormat {
  language: "json" | "toml";
  /** The object that holds them by name. */
  key: string;
  /** Fields that the client wants beside command, args and env. */
  more?: Record<string, string>;
}

/** How a client's command line is called. */
export interface ClientCli {
  program: string;
  add: (entry: NamedEntry) => string[];
  remove: (name: string) => string[];
}

/** How a client starts a server. */
export interface ServerEntry {
  command: string;
  args: string[];
  env: Record<string, string>;
}

/** The same with the name that the client knows it by. */
export interface NamedEntry extends ServerEntry {
  name: string;
}

const MCP_SERVERS: FileFormat = { language: "json", key: "mcpServers" };

/** The clients, in the order of the help. Sources: each client's own documentation of its MCP configuration. */
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
    afterwards: "Start Claude Code anew, or type /mcp in it.",
  },
  {
    id: "claude-desktop",
    title: "Claude Desktop",
    file: (environment) => join(applicationData(environment), "Claude", "claude_desktop_config.json"),
    format: MCP_SERVERS,
    afterwards: "Quit Claude Desktop and start it anew.",
  },
  {
    id: "cursor",
    title: "Cursor",
    file: (environment) => join(userHome(environment), ".cursor", "mcp.json"),
    format: MCP_SERVERS,
    afterwards: "Cursor asks before the first use; its settings list it under MCP.",
  },
  {
    id: "vscode",
    title: "VS Code",
    file: (environment) => join(applicationData(environment), "Code", "User", "mcp.json"),
    format: { language: "json", key: "servers", more: { type: "stdio" } },
    afterwards: "The command “MCP: List Servers” of VS Code shows it.",
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
    afterwards:
      "The next start of Codex has it; tool_timeout_sec in its config.toml raises Codex's limit of 300 s for a call.",
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

/** Where programs keep what is a user's own. */
function applicationData(environment: Environment): string {
  const home = userHome(environment);
  if (process.platform === "darwin") return join(home, "Library", "Application Support");
  if (process.platform === "win32") return environment["APPDATA"] || join(home, "AppData", "Roaming");
  return environment["XDG_CONFIG_HOME"] || join(home, ".config");
}
