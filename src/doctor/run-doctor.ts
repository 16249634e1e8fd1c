import { OWN_BUILD } from "#base/build.ts";
import { type Config, type Environment, isSecret, readConfig } from "#base/config.ts";
import { pathExists } from "#base/paths.ts";
import { suggest } from "#base/nearest.ts";
import { VARIABLES } from "#base/variables.ts";
import { HELPER_MARKER, RUN_MARKER } from "#domain/names.ts";
import { storePaths } from "#store/store-paths.ts";
import { openContext } from "#tasks/context.ts";
import { checkClients } from "./check-clients.ts";
import { checkCodex } from "./check-codex.ts";
import { checkLimits } from "./check-limits.ts";
import { checkPrograms } from "./check-programs.ts";
import { checkSandbox } from "./check-sandbox.ts";
import { checkState } from "./check-state.ts";
import { checkTasks } from "./check-tasks.ts";
import { checkWorktreePlace } from "./check-worktree-place.ts";
import { type Finding, ok, problemOf, warning } from "./finding.ts";

/** Checks everything that tasks need, in the order in which problems are best fixed. Repairs nothing. */
export async function runDoctor(environment: Environment): Promise<Finding[]> {
  const { config, finding } = readSettings(environment);
  const state = checkState(config.home);
  return [
    ok("program", `codex-mcp-server ${OWN_BUILD.version} for ${OWN_BUILD.target} at ${process.execPath}`),
    finding,
    ...checkUnknownVariables(environment),
    ...(await checkCodex(config)),
    ...checkLimits(config),
    ...(await checkPrograms(config)),
    ...(await checkWorktreePlace(config)),
    ...(await checkSandbox(config)),
    ...state,
    // With a damaged index or an unusable folder, its information about tasks is unreliable.
    ...(state.some(({ status }) => status === "problem") ? [] : await tasksIfAny(config)),
    ...(await checkClients(config)),
  ];
}

/** Reads the configuration; if a setting is invalid, the other checks use the defaults. */
function readSettings(environment: Environment): { config: Config; finding: Finding } {
  try {
    const config = readConfig(environment);
    const set = VARIABLES.filter((name) => environment[name]).map(
      (name) => `${name}=${isSecret(name) ? "(set)" : environment[name]}`,
    );
    return {
      config,
      finding: ok("environment", set.length === 0 ? "none of this server's variables is set" : set.join(" ")),
    };
  } catch (error) {
    const rest = Object.entries(environment).filter(([name]) => !VARIABLES.includes(name));
    return { config: readConfig(Object.fromEntries(rest)), finding: problemOf("environment", error) };
  }
}

/** Variables that this server sets for its own processes. */
const OWN_MARKERS = new Set([RUN_MARKER, HELPER_MARKER, "CODEXMCP_SETUP"]);

/** Warns of variables that look like this server's and are not: a misspelt one has no effect. */
function checkUnknownVariables(environment: Environment): Finding[] {
  const unknown = Object.keys(environment).filter(
    (name) => name.startsWith("CODEXMCP_") && !VARIABLES.includes(name) && !OWN_MARKERS.has(name),
  );
  return unknown.map((name) =>
    warning(
      "environment",
      `${name} is not a variable of this server.${suggest(name, VARIABLES)}`,
      `Correct or remove ${name}.`,
    ),
  );
}

async function tasksIfAny(config: Config): Promise<Finding[]> {
  if (!pathExists(storePaths(config.home).database)) return [];
  try {
    return await checkTasks(openContext(config));
  } catch (error) {
    return [problemOf("tasks", error)];
  }
}
