import { join } from "node:path";
import { statIfAny } from "#base/paths.ts";
import { tryGit, withoutLastNewline } from "#git/git.ts";

/**
 * Returns a digest of what the result of a merge depends on beside its commits: git's version and settings, attributes outside of the
 * commits, and where the history is cut off.
 */
export async function readSettings(repository: string, gitVersion: string): Promise<string> {
  const [settings, attributes] = await Promise.all([
    tryGit(repository, ["config", "--null", "--list"]),
    tryGit(repository, ["config", "--type=path", "--get", "core.attributesFile"]),
  ]);
  const configHome = process.env["XDG_CONFIG_HOME"] || join(process.env["HOME"] ?? "/", ".config");
  const files = [
    withoutLastNewline(attributes.stdout) || join(configHome, "git", "attributes"),
    ...["info/attributes", "shallow", "info/grafts"].map((name) => join(repository, name)),
  ];
  const hash = new Bun.CryptoHasher("sha256").update(`${gitVersion}\0${settings.stdout}`);
  for (const file of files) {
    const stat = statIfAny(file);
    hash.update(`\0${stat === undefined ? "" : `${stat.mtimeMs} ${stat.size} ${stat.ino}`}`);
  }
  return hash.digest("hex");
}
