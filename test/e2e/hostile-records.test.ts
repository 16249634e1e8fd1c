import { expect, test } from "bun:test";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findHidden, HOSTILE, randomText } from "../support/hostile-text.ts";
import { Dice } from "../support/random-worktree.ts";
import { runOnTerminal } from "../support/raw-terminal.ts";
import { World } from "../support/world.ts";

test("records, logs and names of random characters: no view lets one of them through", async () => {
  const other = new World();
  try {
    const dice = new Dice(23);
    for (let index = 0; index < 12; index++) writeHostileTask(other, dice, index);
    const show = Array.from({ length: 12 }, (_, index) => ["show", `codex-review-random_${index}-v1`]);
    const logs = show.map(([, id]) => ["logs", String(id)]);
    for (const args of [
      ["tasks"],
      ["tasks", "--json"],
      ["worktrees"],
      ["clean", "--keep", "0"],
      ["complete", "--", "show", ""],
      ...show,
      ...logs,
    ]) {
      const { output } = await runOnTerminal(other, args, { more: { CODEXMCP_KEEP_TASKS: "1000" } });
      expect(findHidden(output), args.join(" ")).toBe("");
      expect(output.length).toBeGreaterThan(5);
    }
    const { output } = await runOnTerminal(other, ["tasks", "--watch"], {
      keys: "jjlqq",
      more: { CODEXMCP_KEEP_TASKS: "1000" },
    });
    expect(findHidden(output)).toBe("");
  } finally {
    await other.close();
  }
});

/** A record of a foreign hand: random text wherever a text may stand. */
function writeHostileTask(other: World, dice: Dice, index: number): void {
  const topic = `review-random_${index}-v1`;
  const task_id = `codex-${topic}`;
  const folder = join(other.stateHome, "tasks", task_id);
  mkdirSync(folder, { recursive: true });
  const said = () => `x${randomText(dice, 40)}${HOSTILE}`;
  const log_file = join(folder, "codex-exec.log");
  cpSync(join(import.meta.dir, "..", "fixtures", "codex-0.169", "good.jsonl"), log_file);
  const item = { id: "item_9", type: "agent_message", text: said() };
  writeFileSync(log_file, `${JSON.stringify({ type: "item.completed", item })}\n${said()}\n`, { flag: "a" });
  const files = { log_file, prompt_file: join(folder, "prompt.md") };
  const times = { start_time: "2026-03-20T10:00:00.000Z", end_time: "2026-03-20T10:05:00.000Z" };
  const place = {
    cwd: `/${said()}`,
    worktree_dir: `/${said()}`,
    agent_branch: said(),
    base_branch: said(),
    base_commit: said(),
  };
  const settings = {
    model: said(),
    reasoning_effort: said(),
    profile: said(),
    session_id: said(),
    worktree_note: said(),
  };
  const changes = {
    diff_stat: said(),
    uncommitted_changes: [said(), said()],
    files_changed: [said()],
    commits_ahead: 1,
  };
  const end = {
    status: dice.of(["completed", "failed", "cancelled"]),
    result: said(),
    error: said(),
    hint: said(),
    commit_error: said(),
  };
  const meta = {
    task_id,
    run: 1,
    topic,
    mode: "blocking",
    ...files,
    ...times,
    ...place,
    ...settings,
    ...changes,
    ...end,
  };
  writeFileSync(join(folder, "meta.json"), JSON.stringify(meta));
}
