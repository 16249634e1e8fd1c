import { AsyncLocalStorage } from "node:async_hooks";
import { mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { GitEnvironment } from "./run-git.ts";

/** Environment and signal of all git commands that a piece of work runs, however deep in its calls. */
interface GitContext {
  environment: GitEnvironment;
  /** Signal that ends the commands. */
  signal: AbortSignal | undefined;
}

const contexts = new AsyncLocalStorage<GitContext>();

/** Returns the context of the current work; undefined outside of {@link withObjectFolder}. */
export function currentGitContext(): GitContext | undefined {
  return contexts.getStore();
}

/**
 * Runs work whose git commands write new objects to a folder instead of the repository, of which they read all objects as usual.
 * @param repository the repository's common git folder
 * @param folder an existing folder; empty at first, and not to be used for another repository
 * @param signal ends the commands that are running, and all later ones
 */
export async function withObjectFolder<T>(
  { repository, folder, signal }: { repository: string; folder: string; signal?: AbortSignal | undefined },
  work: () => Promise<T>,
): Promise<T> {
  for (const name of ["info", "pack"]) mkdirSync(join(folder, name), { recursive: true, mode: 0o700 });
  return contexts.run({ environment: objectVariables(folder, [repository]), signal }, work);
}

/**
 * Returns variables under which git writes new objects to a folder, and reads those of repositories as usual.
 * @param repositories common git folders
 */
export function objectVariables(folder: string, repositories: readonly string[]): GitEnvironment {
  const sources = [...new Set(repositories)].map((repository) => quotePath(join(repository, "objects")));
  return { GIT_OBJECT_DIRECTORY: folder, GIT_ALTERNATE_OBJECT_DIRECTORIES: sources.join(delimiter) };
}

/** Quotes a path as git reads it in a list of folders. */
function quotePath(path: string): string {
  return `"${path.replaceAll(/["\\]/g, "\\$&").replaceAll("\n", String.raw`\n`)}"`;
}
