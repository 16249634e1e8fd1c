// Worktrees with files in every state and with names of any bytes: what is read of git's answers is what was made.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import * as fc from "fast-check";
import { readChanges } from "#git/changes/changes.ts";
import { readStatus } from "#git/changes/status.ts";
import { type ByteName, toText } from "#git/byte-names.ts";
import { runs } from "../support/property.ts";
import { Scratch } from "../support/scratch.ts";
import { makeStatusWorktree, originOf, STATES, type StatusFile, statusFiles } from "../support/status-worktree.ts";

let scratch: Scratch;
let submodule: string;

beforeAll(async () => {
  scratch = new Scratch();
  submodule = await scratch.repository("submodule");
  await scratch.git(submodule, "commit", "--quiet", "--allow-empty", "-m", "Another");
});
afterAll(() => scratch.close());

function lineOf({ name, state }: StatusFile): string[] {
  const origin = state === "renamed" ? ` ← ${toText(originOf(name))}` : "";
  const end = state === "a repository" ? "/" : "";
  return STATES[state] === undefined ? [] : [`${STATES[state]} ${toText(name)}${end}${origin}`];
}

/** Returns the names that a changed file has in a status. */
function namesOf({ name, state }: StatusFile): ByteName[] {
  if (state === "a repository") return [`${name}/`];
  return state === "renamed" ? [name, originOf(name)] : [name];
}

test("the status of a worktree, and its differences from the last commit", async () => {
  const property = fc.asyncProperty(statusFiles, async (files) => {
    const path = scratch.folder("worktree");
    try {
      makeStatusWorktree(path, files, submodule);
      const namesIn = (...states: StatusFile["state"][]): ByteName[] =>
        files.flatMap(({ name, state }) =>
          states.includes(state) ? [state === "a repository" ? `${name}/` : name] : [],
        );
      const status = await readStatus(path);
      expect(sorted(status)).toEqual(
        sorted({
          head: await scratch.git(path, "rev-parse", "HEAD"),
          branch: "main",
          lines: files.flatMap(lineOf),
          changed: files.filter((file) => lineOf(file).length > 0).flatMap(namesOf),
          untracked: namesIn("untracked", "a repository"),
          unmerged: namesIn("conflicting"),
          intended: namesIn("intended"),
          modified: namesIn("modified", "staged and modified", "added and modified", "of another type", "a submodule"),
          unreadable: [],
        }),
      );
      const { uncommitted_changes, files_changed, commits_ahead } = await readChanges(path, status.head ?? "");
      // Conflicting files have the content of the commit; a repository cannot be compared.
      const changed = files.filter(({ state }) => lineOf({ name: "", state }).length > 0);
      const differing = changed.filter(({ state }) => state !== "conflicting" && state !== "a repository");
      const all = differing.flatMap(({ name, state }) => (state === "renamed" ? [name, originOf(name)] : [name]));
      expect(sorted({ uncommitted_changes, files_changed, commits_ahead })).toEqual(
        sorted({ uncommitted_changes: files.flatMap(lineOf), files_changed: all.map(toText), commits_ahead: 0 }),
      );
    } finally {
      rmSync(path, { recursive: true, force: true });
    }
  });
  await fc.assert(property, runs(20));
});

function sorted(value: object): object {
  const entries = Object.entries(value).map(([key, list]): [string, unknown] => [
    key,
    Array.isArray(list) ? list.map(String).toSorted() : list,
  ]);
  return Object.fromEntries(entries);
}
