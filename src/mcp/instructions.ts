/** Instructions that the client's agent receives when it connects. */
export const INSTRUCTIONS = `Hands coding work to the OpenAI Codex CLI, which works on its own and reports back.

Which tool:
- codex: waits for the result. Questions about code, and modules that are implemented in parallel (one call each, all at once).
- codex_review: waits for a review of changes (uncommitted, a branch, a commit, a task), whose findings are data: priority, path, lines.
- codex_dispatch: returns at once. Work of more than a few minutes; do other things, then codex_wait.
- codex_wait: waits for any or all of some tasks, as long as this client lets it. Do not poll codex_status.
- codex_send: adds to a running task, corrects it, answers what it asks, or continues one that has ended.
- codex_cancel: stops a task with all its processes.
- codex_compare: compares several tries at one prompt (tries), or other tasks.
- codex_diff, codex_merge, codex_discard: show what a task changed, merge it, remove its worktree (restorable).

{prompt} alone is enough: the task reads and reports, in the folder of this client.

Sandbox: read-only (default) to read and report, directly in cwd. workspace-write (Codex's own sandbox, network only with network: true) or full-access (no sandbox) to change files: in a git repository the task gets its own worktree and branch agent/<type>-<description>, started from the commit checked out in cwd (base: from another commit; include_uncommitted: with uncommitted changes). Changes that Codex leaves uncommitted are committed on that branch; if not, commit_error says why. Nothing is merged unless you call codex_merge: call codex_diff first, and ask the user if it matters.

Topic: a few words that name the work; they become <type>-<description>-v<version>, e.g. review-auth_module-v1, which the answer says. One topic has one worktree, so parallel tasks need different topics. To continue a task, pass resume with its task_id: same folder, worktree and session.

Prompt: Codex does not see this conversation. Say what to do, where (paths), what not to touch, how to check the result, and what to report.

Check: if the project has tests, pass check (e.g. "npm test") and check_attempts: this server runs it after Codex's turn, and a task is completed only if it passes. codex_merge with check runs it on the merged result first.

A task with approvals: "ask" may wait for an answer (status waiting, questions): answer with codex_send; ask the user unless the answer is obvious.

If codex answers with status running, the client's time limit was reached first: codex_wait returns the result. A shortened result names the file with the full text.

An answer with readonly_audit comes from a read-only run without Codex's own sandbox. Tell the user if its verdict is VIOLATION (and whether anything took effect) or UNVERIFIED (something could not be judged).

Tasks continue to run when this client exits. Any answer may have ended_since: tasks that have ended meanwhile. conflicts_with names tasks whose work conflicts: merge one, and let the other resume to resolve it. codex_status without task_id lists the newest tasks of this project.`;
