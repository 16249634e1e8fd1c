import { compareAddress } from "#board/page/address/addresses.ts";
import { Link } from "wouter-preact";
import { VisibleText } from "#board/page/parts/visible-text.tsx";
import { info, missing } from "#board/page/state/board-state.ts";
import { clearMarks, marked } from "#board/page/state/marked.ts";
import { formatNumber, formatPlural } from "#base/text.ts";

/** Says which tasks are not on the board, and what to do about it. */
export function MissingTasks() {
  const { left_out, unreadable } = missing.value;
  if (left_out === 0 && unreadable.length === 0) return null;
  return (
    <div class="board-notes">
      {left_out > 0 && (
        <p>
          {formatNumber(left_out)} older {left_out === 1 ? "task is" : "tasks are"} not shown.{" "}
          <code>codex-mcp-server tasks --limit 5000</code> lists more.
        </p>
      )}
      {unreadable.length > 0 && (
        <details>
          <summary class="warn-text">{formatPlural(unreadable.length, "task")} cannot be read</summary>
          <ul>
            {unreadable.map(({ task_id, problem, fix }) => (
              <li key={task_id}>
                <code>
                  <VisibleText text={task_id} />
                </code>
                : <VisibleText text={problem} /> <VisibleText text={fix} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

/** Shows how to begin when there are no tasks. */
export function FirstSteps() {
  if (info.value === undefined) {
    return (
      <p class="board-empty weak" role="status">
        Reading the tasks…
      </p>
    );
  }
  return (
    <div class="board-empty">
      <h1>No tasks yet</h1>
      <p>Each task is a run of Codex. It appears here, whoever starts it.</p>
      <ul>
        <li>
          <Link href="/new">Start one on this page</Link>, or press <kbd>n</kbd>.
        </li>
        <li>Ask your agent: “Let codex fix the failing test.”</li>
        <li>
          In a terminal: <code>codex-mcp-server run "Explain this repository"</code>
        </li>
      </ul>
      <p class="weak">
        <code>codex-mcp-server install</code> connects agents such as Claude Code or Cursor.
      </p>
    </div>
  );
}

/** Shows the tasks that are marked, with a link that compares them. */
export function MarkedBar() {
  const ids = [...marked.value];
  if (ids.length === 0) return null;
  return (
    <div class="marked-bar" role="status">
      <span>{formatPlural(ids.length, "task")} marked</span>
      {ids.length > 1 ? (
        <Link href={compareAddress({ task: ids })} class="button primary">
          Compare
        </Link>
      ) : (
        <span class="weak">Mark another to compare them.</span>
      )}
      <button type="button" onClick={clearMarks}>
        Clear
      </button>
    </div>
  );
}
