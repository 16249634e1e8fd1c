import type { Environment } from "#base/config.ts";

/** Variables that configure the MCP client itself; Codex must not inherit them. */
const CLIENT_VARIABLES = /^(?:CLAUDECODE|CLAUDE_CODE_.*|CLAUDE_PROJECT_DIR|MCP_TOOL_TIMEOUT|MCP_TIMEOUT)$/;

/** Variables that tie git to one repository (`git rev-parse --local-env-vars`): they would point outside a worktree. */
const REPOSITORY_VARIABLES =
  /^GIT_(?:DIR|WORK_TREE|INDEX_FILE|COMMON_DIR|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|NAMESPACE|PREFIX|GRAFT_FILE|IMPLICIT_WORK_TREE)$/;

/** Returns the environment for a task: the MCP server's own, without variables meant for other programs. */
export function taskEnvironment(environment: Environment): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    // BUN_BE_BUN would make our own binary, started as the supervisor, behave as bun.
    if (value === undefined || name === "BUN_BE_BUN") continue;
    if (!CLIENT_VARIABLES.test(name) && !REPOSITORY_VARIABLES.test(name)) kept[name] = value;
  }
  return kept;
}
