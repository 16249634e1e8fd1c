/** Instructions that the client's agent receives when it connects. */
export const INSTRUCTIONS = `Hands coding work to the OpenAI Codex CLI, which works on its own and reports back.

Which tool:
- codex: waits for the result. Reviews, questions about code, and modules that are implemented in parallel (one call each, all at once).
- codex_dispatch: returns at once. Work of more than a few minutes; go on with other things, then codex_wait.
- codex_wait: waits for any or all of some tasks, as long as this client lets it. Do not poll codex_status.
- codex_cancel: stops a task with all its processes.
- codex_diff, codex_merge, codex_discard: look at what a task changed, merge it, remove its worktree (restorable).

Sandbox: read-only to look and report, in cwd itself. full-access to change files: in a git repository the task gets its own worktree and branch agent/<type>-<description>, made from what is checked out in cwd (base: from something else; include_uncommitted: with the uncommitted work). What Codex leaves uncommitted is committed on that branch; commit_error says why not. Nothing is merged unless you call codex_merge: look at codex_diff first, and ask the user where it matters.

Topic: <type>-<description>-v<version>, e.g. review-auth_module-v1. type is review, implement, longrun or test; description says what the work is about, words joined by _. Parallel tasks need different descriptions. To go on with a task: the same type and description with the next version, and its session_id; it works in the same worktree.

Prompt: Codex sees nothing of this conversation. Say what to do, where (paths), what to leave alone, how to check it, and what to report.

If codex answers with status running, its time was up before the task's: codex_wait gives the result. A result that says that characters were left out names the file that has all of it.

An answer with readonly_audit comes from a read-only run without Codex's own sandbox: tell the user if its verdict is VIOLATION, and whether anything took effect, or UNVERIFIED: then something in it could not be judged.

A task goes on when this client ends. codex_status without task_id lists all tasks.`;
