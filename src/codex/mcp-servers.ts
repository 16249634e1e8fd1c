import { join } from "node:path";
import * as v from "valibot";
import type { Config } from "#base/config.ts";
import type { TaskRequest } from "#domain/record.ts";
import { identifyServer } from "#platform/server-programs.ts";
import {
  checkProjectFiles,
  projectConfigFiles,
  readConfigFile,
  SYSTEM_CONFIG_FOLDER,
  userConfigFiles,
} from "./config-files.ts";

const SYSTEM_CONFIG = join(SYSTEM_CONFIG_FOLDER, "config.toml");

const ServerSchema = v.looseObject({
  command: v.optional(v.string()),
  args: v.optional(v.array(v.string())),
  url: v.optional(v.string()),
});

/** MCP server in Codex's configuration. */
type McpServer = v.InferOutput<typeof ServerSchema>;
type NamedServer = [name: string, McpServer];

const ConfigSchema = v.looseObject({ mcp_servers: v.optional(v.record(v.string(), v.unknown())) });

/** Returns the servers in all files that Codex reads for a run; of servers with the same name, the last. */
function configuredMcpServers(codexHome: string, { run_dir, profile }: Pick<TaskRequest, "run_dir" | "profile">) {
  const files = [SYSTEM_CONFIG, ...userConfigFiles(codexHome, profile), ...projectConfigFiles(run_dir)];
  return [...new Map(files.flatMap((file) => readServers(file)))];
}

function readServers(file: string): NamedServer[] {
  const servers = readConfigFile(file, ConfigSchema)?.mcp_servers ?? {};
  return Object.entries(servers).flatMap(([name, entry]): NamedServer[] => {
    const server = v.safeParse(ServerSchema, entry);
    return server.success ? [[name, server.output]] : [];
  });
}

/**
 * Returns Codex's arguments that disable servers for a task: this one, which would start tasks of its own, and all of the user's if the
 * configuration says so.
 * @throws AppError `repository_unusable` if Codex could not read a project's configuration of them
 */
export function mcpServerArguments(config: Config, task: Pick<TaskRequest, "run_dir" | "profile">): string[] {
  checkProjectFiles(task.run_dir);
  if (config.mayNest && !config.withoutMcpServers) return [];
  const all = configuredMcpServers(config.codexHome, task);
  if (config.withoutMcpServers) return [...withoutServers(all), ...WITHOUT_PLUGINS];
  return withoutServers(
    all.filter(([, { command = "", args = [] }]) => identifyServer(command, args) === "codex-mcp-server"),
  );
}

/**
 * Returns arguments that start Codex without some servers. They repeat the transports, since Codex refuses an entry without one, and a
 * project's file may not be in force.
 */
function withoutServers(servers: readonly NamedServer[]): string[] {
  if (servers.length === 0) return [];
  const entries = servers.map(([name, { command, url }]) => {
    const transport = url === undefined ? `command=${JSON.stringify(command ?? "")}` : `url=${JSON.stringify(url)}`;
    return `${JSON.stringify(name)}={enabled=false,${transport}}`;
  });
  return [`--config=mcp_servers={${entries.join(",")}}`];
}

/** Arguments that disable plugins and apps, which bring servers not named in any file. */
const WITHOUT_PLUGINS: readonly string[] = ["--config=features.plugins=false", "--config=features.apps=false"];
