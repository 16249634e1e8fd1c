import { gitVersion, hasTreeMerge, hasWorktreeListing } from "#git/git-version.ts";
import type { Config } from "#base/config.ts";
import { checkTmux, IS_TMUX_USED, tmuxServerOf, tmuxVersion } from "#tmux/tmux.ts";
import { type Finding, ok, problem, problemOf, warning } from "./finding.ts";

/** Checks git and tmux, which full-access tasks need. */
export async function checkPrograms(config: Config): Promise<Finding[]> {
  return [await checkGit(), await checkTmuxProgram(config)];
}

async function checkGit(): Promise<Finding> {
  try {
    const version = await gitVersion();
    if (hasTreeMerge(version)) return ok("git", version);
    if (hasWorktreeListing(version)) {
      return warning("git", `git ${version} cannot merge as codex_merge does: 2.38 is needed for that.`, "Update git.");
    }
    return problem("git", `git ${version} is too old: 2.36 is needed for full-access tasks.`, "Update git.");
  } catch (error) {
    return problemOf("git", error);
  }
}

async function checkTmuxProgram(config: Config): Promise<Finding> {
  if (!IS_TMUX_USED) return ok("tmux", "not used on Windows: full-access tasks have no pane there");
  try {
    const server = tmuxServerOf(config);
    checkTmux(server);
    return ok("tmux", await tmuxVersion(server));
  } catch (error) {
    return problemOf("tmux", error);
  }
}
