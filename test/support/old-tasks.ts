import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Writes so many ended tasks into a state folder, as the next server or command takes them into its index. */
export function writeOldTasks(stateHome: string, count: number): void {
  for (let index = 0; index < count; index++) {
    const task_id = `codex-review-old_${index}-v1`;
    const folder = join(stateHome, "tasks", task_id);
    mkdirSync(folder, { recursive: true });
    const start_time = new Date(Date.UTC(2025, 0, 1) + index * 60_000).toISOString();
    const files = { log_file: join(folder, "codex-exec.log"), prompt_file: join(folder, "prompt.md") };
    const fixed = { mode: "blocking", cwd: "/old", sandbox: "read-only", status: "completed", exit_code: 0 };
    const meta = { task_id, topic: `review-old_${index}-v1`, start_time, end_time: start_time, ...files, ...fixed };
    writeFileSync(join(folder, "meta.json"), JSON.stringify({ ...meta, result: "Nothing to report. ".repeat(20) }));
  }
}
