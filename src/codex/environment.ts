import type { Environment } from "#base/config.ts";

/** Variables of the MCP client that steer the client itself; Codex must not take them for its own. */
const OF_THE_CLIENT = /^(?:CLAUDECODE|CLAUDE_CODE_.*|CLAUDE_PROJECT_DIR|MCP_TOOL_TIMEOUT|MCP_TIMEOUT)$/;

/** Variables that tie git to one repository (`git rev-parse --local-env-vars`): they would lead out of a worktree. */
const OF_ONE_REPOSITORY =
  /^GIT_(?:DIR|WORK_TREE|INDEX_FILE|COMMON_DIR|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|NAMESPACE|PREFIX|GRAFT_FILE|IMPLICIT_WORK_TREE)$/;

/** The environment that a task is started with: the MCP server's own, without what belongs to others. */
export function taskEnvironment(environment: Environment): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    // BUN_BE_BUN would turn our own binary, started as the supervisor, into bun.
    if (value === undefined || name === "BUN_BE_BUN") continue;
    if (!OF_THE_CLIENT.test(name) && !OF_ONE_REPOSITORY.test(name)) kept[name] = value;
  }
  return kept;
}
