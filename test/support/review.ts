import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { $ } from "bun";
import type { Step } from "./stub-script.ts";

/** A model that tries, one after the other, every way to write that a review must not have. */
export const WRITE_ATTEMPTS: readonly Step[] = [
  { run: "echo x > file.txt" },
  { run: "python3 -c \"open('f','w')\"" },
  { run: "git commit --allow-empty -m attempt" },
  { run: "rm README.md" },
  { patch: "*** Begin Patch\n*** Add File: patched.txt\n+hi\n*** End Patch" },
  { run: "setsid sh -c 'sleep 0.3; echo late > late.txt' > /dev/null 2>&1 & echo started" },
  { run: "sleep 0.6" },
  { say: "I tried." },
];

/** What the audit is to name of them; a patch is named by its path. */
export const NAMED_ATTEMPTS: readonly string[] = WRITE_ATTEMPTS.flatMap((step) =>
  "run" in step && !step.run.startsWith("sleep") ? [step.run] : [],
);

/** The violations' commands and paths. */
export function namesOf(audit: unknown): string[] {
  const { violations } = audit as { violations: { kind: string; command?: string; path?: string }[] };
  return violations.filter(({ kind }) => kind !== "workspace").map(({ command, path }) => command ?? path ?? "");
}

/** Adds what the ordinary commands of a review look at: two commits, a source file, a package. */
export async function fillForReview(repository: string, environment: Record<string, string>): Promise<void> {
  const git = (...args: string[]) => $`git ${args}`.cwd(repository).env(environment).quiet();
  mkdirSync(join(repository, "src"));
  writeFileSync(join(repository, "package.json"), '{ "version": "1.0.0", "scripts": { "test": "true" } }\n');
  for (const body of [
    "export const one = 1;\n",
    "export const one = 1;\n// TODO: two\nexport const x = () => one;\n",
  ]) {
    writeFileSync(join(repository, "src", "app.ts"), body);
    await git("add", ".");
    await git("commit", "--quiet", "-m", "Work");
  }
}

/** Every file below a folder with a digest of its content. */
export function fingerprint(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes(".codex-tasks"));
  return Object.fromEntries(paths.toSorted().map((path) => [path, Bun.hash(readFileSync(path)).toString(36)]));
}
