// Names made of topics are names for git, tmux and the file system.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { agentBranchOf, branchFolderOf, taskIdOf, worktreeNameOf } from "#domain/names.ts";
import { parseTopic } from "#domain/topic.ts";
import { runs } from "../support/property.ts";
import { topicParts, writeTopic } from "../support/topics.ts";

let folder: string;
beforeAll(() => {
  folder = realpathSync(mkdtempSync("/var/tmp/codexmcp-names-"));
  // A server ends with its last session, and refuses new ones while it does.
  tmux("new-session", "-d", "-s", "kept", "cat");
});
afterAll(() => {
  tmux("kill-server");
  rmSync(folder, { recursive: true, force: true });
});

function run(...command: string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, { cwd: folder, stdin: "ignore" });
  return exitCode === 0 ? stdout.toString().trimEnd() : `failed: ${stderr.toString()}`;
}

function tmux(...args: string[]): string {
  return run("tmux", "-S", join(folder, "tmux.sock"), "-f", "/dev/null", ...args);
}

test("git takes the branch as it is, and the file system the folders", () => {
  const property = fc.property(topicParts, (parts) => {
    const topic = parseTopic(writeTopic(parts));
    const branch = agentBranchOf(topic);
    expect(run("git", "check-ref-format", "--branch", branch)).toBe(branch);
    expect(run("git", "check-ref-format", `refs/heads/${branch}`)).toBe("");
    const names = [taskIdOf(topic, "abc123"), branchFolderOf(topic), worktreeNameOf("r".repeat(255), topic)];
    const top = mkdtempSync(join(folder, "names-"));
    for (const name of names) mkdirSync(join(top, name));
    expect(readdirSync(top).toSorted()).toEqual(names.toSorted());
  });
  fc.assert(property, runs(8));
});

test("tmux takes the task's id as it is, and finds its session alone", () => {
  const property = fc.property(fc.uniqueArray(topicParts.map(writeTopic), { minLength: 1, maxLength: 3 }), (topics) => {
    const ids = topics.map((text) => taskIdOf(parseTopic(text)));
    for (const id of ids) expect(tmux("new-session", "-d", "-s", id, "-x", "20", "-y", "5", "cat")).toBe("");
    expect(tmux("list-sessions", "-F", "#{session_name}").split("\n").toSorted()).toEqual([...ids, "kept"].toSorted());
    for (const [index, id] of ids.entries()) {
      expect(tmux("kill-session", "-t", `=${id}`)).toBe("");
      const left = ids.slice(index + 1);
      if (left.length > 0) expect(tmux("has-session", "-t", `=${left[0]}`)).toBe("");
    }
  });
  fc.assert(property, runs(20));
});
