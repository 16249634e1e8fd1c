import { expect } from "bun:test";
import { runCli } from "./command-line.ts";
import { GitWorld } from "./git-world.ts";

/** Answer of `worktrees --json`. */
interface Reports {
  worktrees: Record<string, unknown>[];
  not_compared?: string;
}

/** Content of a file that tasks change in the middle. */
export const TEXT = `${"line\n".repeat(5)}middle\n${"line\n".repeat(5)}`;

/** Returns a command that changes the line in the middle of `text.txt`. */
export function edit(word: string): string {
  return `sed -i s/middle/${word}/ text.txt`;
}

/** A world for tests of tasks whose work may conflict: the repository of each test has a file `text.txt`. */
export class CollisionWorld extends GitWorld {
  override async begin(): Promise<void> {
    await super.begin();
    await this.write("text.txt", TEXT);
    await this.git(this.repo, "commit", "--quiet", "-m", "Text");
  }

  /** The id of this test's task. */
  idOf(name: string): string {
    return `codex-implement-${name}_${this.number}-v1`;
  }

  /** Its worktree. */
  at(name: string): string {
    return `${this.repo}-agent-implement-${name}_${this.number}`;
  }

  /** What codex_status says about it. */
  async statusOf(name: string): Promise<Record<string, unknown>> {
    return (await (await this.own).call("codex_status", { task_id: this.idOf(name) })).data;
  }

  /**
   * Asks for its status until that says what is expected, which a machine under load may not know in time at first.
   * @returns the answer @throws where it does not become so
   */
  async untilStatus(name: string, expected: object): Promise<Record<string, unknown>> {
    const deadline = performance.now() + 45_000;
    for (;;) {
      const status = await this.statusOf(name);
      try {
        expect(status).toMatchObject(expected);
        return status;
      } catch (error) {
        if (performance.now() > deadline) throw error;
      }
    }
  }

  /** What `worktrees --json` says about the worktrees of this test. */
  async reports(more: Record<string, string> = {}, ...args: string[]): Promise<Reports> {
    const { stdout, stderr, exitCode } = await runCli(this, ["worktrees", "--json", ...args], more);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    const listed = JSON.parse(stdout) as Reports;
    const isOfThis = ({ worktree_dir }: Record<string, unknown>) =>
      String(worktree_dir).startsWith(`${this.repo}-agent-`);
    return { ...listed, worktrees: listed.worktrees.filter(isOfThis) };
  }

  /** What it says about one. */
  async reportOn(name: string): Promise<Record<string, unknown>> {
    return (
      (await this.reports({}, "--exact")).worktrees.find(({ worktree_dir }) => worktree_dir === this.at(name)) ?? {}
    );
  }
}
