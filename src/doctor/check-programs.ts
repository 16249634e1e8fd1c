import { gitVersion, hasTreeMerge, hasWorktreeListing } from "#git/git.ts";
import type { Config } from "#base/config.ts";
import { checkTmux, IS_TMUX_USED, tmuxServerOf, readTmuxVersion } from "#tmux/tmux.ts";
import { type Finding, ok, problem, problemOf, warning } from "./finding.ts";

/** Checks git and tmux, which tasks that change files need. */
export async function checkPrograms(config: Config): Promise<Finding[]> {
  return [await checkGit(), await checkTmuxProgram(config)];
}

async function checkGit(): Promise<Finding> {
  try {
    const version = await gitVersion();
    if (hasTreeMerge(version)) return ok("git", version);
    if (hasWorktreeListing(version)) {
      return warning(
        "git",
        `git ${version} is too old to merge the work of tasks, which needs 2.38.`,
        "Update git to 2.38 or newer.",
      );
    }
    return problem(
      "git",
      `git ${version} is too old for tasks that change files, which need 2.36.`,
      "Update git to 2.38 or newer.",
    );
  } catch (error) {
    return problemOf("git", error);
  }
}

async function checkTmuxProgram(config: Config): Promise<Finding> {
  if (!IS_TMUX_USED) return ok("tmux", "not used on Windows, where tasks have no pane");
  try {
    const server = tmuxServerOf(config);
    checkTmux(server);
    return ok("tmux", await readTmuxVersion(server));
  } catch (error) {
    return problemOf("tmux", error);
  }
}
