import { FailureText } from "#board/page/parts/failure-text.tsx";
import { hasEnded } from "#board/api/card.ts";
import { useMemo, useState } from "preact/hooks";
import { Link } from "wouter-preact";
import type { ComparedEntry, BoardComparison } from "#board/api/compare.ts";
import { useKeys } from "#board/page/parts/keys.tsx";
import { VisibleText } from "#board/page/parts/visible-text.tsx";
import { info, isLive } from "#board/page/state/board-state.ts";
import { CompareTable } from "./compare-table.tsx";
import { ComparedDiff, useChosenDiff } from "./compared-diff.tsx";
import { restoreTasks } from "./restore-tasks.ts";
import { TakeDialog } from "./take-dialog.tsx";
import { useComparison } from "./use-comparison.ts";

/** Shows the comparison of tasks. @param props names of tasks and of groups */
export function ComparisonPage({ tasks, groups }: { tasks: readonly string[]; groups: readonly string[] }) {
  const { comparison, failure, reload } = useComparison(tasks, groups);
  return (
    <div class="compare">
      <header class="compare-title">
        <h1>{comparison === undefined ? "Compare" : titleOf(comparison.tasks)}</h1>
        <Link href="/compare">Compare others</Link>
      </header>
      {failure !== undefined && <FailureText failure={failure} />}
      {comparison === undefined && failure === undefined && <p class="weak">Reading the work of the tasks…</p>}
      {comparison !== undefined && <Compared comparison={comparison} reload={reload} />}
    </div>
  );
}

function titleOf(tasks: readonly ComparedEntry[]): string {
  const isOneGroup = tasks[0]?.group !== undefined && tasks.every(({ group }) => group === tasks[0]?.group);
  return `Compare ${tasks.length} ${isOneGroup ? "tries" : "tasks"}`;
}

function Compared({ comparison, reload }: { comparison: BoardComparison; reload: () => void }) {
  const { tasks } = comparison;
  const [title = "", ...otherTitles] = new Set(tasks.map((task) => task.title));
  const [takenId, setTaken] = useState<string>();
  const diff = useChosenDiff(tasks);
  const showDiff = () => {
    diff.show();
    requestAnimationFrame(() => document.querySelector("#compare-diff")?.scrollIntoView());
  };
  const canAct = info.value?.is_read_only === false;
  const keys = useMemo(
    () => [
      { key: "d", does: "Show what differs between two", run: showDiff },
      { key: "s", does: "Swap the two", run: diff.swap },
      ...(canAct ? tasks.slice(0, 9) : []).map((task, index) => ({
        key: String(index + 1),
        does: `Take ${task.id}`,
        run: () => isTakeable(task) && isLive.value && setTaken(task.id),
      })),
    ],
    [diff.address, canAct, tasks],
  );
  useKeys("Compare", keys);
  const taken = tasks.find(({ id }) => id === takenId);
  const actions = {
    isEnabled: isLive.value,
    take: setTaken,
    restore: (id: string) => void restoreTasks([id]).then(reload),
  };
  return (
    <>
      {otherTitles.length === 0 && (
        <p class="compare-prompt">
          <VisibleText text={title} />
        </p>
      )}
      <CompareTable comparison={comparison} actions={canAct ? actions : undefined} />
      <CommonFiles comparison={comparison} />
      <ComparedDiff tasks={tasks} diff={diff} />
      {taken !== undefined && (
        <TakeDialog task={taken} all={tasks} onClose={() => setTaken(undefined)} onDone={reload} />
      )}
    </>
  );
}

/** Returns whether a task can be merged: it has ended and its worktree is there. */
function isTakeable({ status, has_worktree }: ComparedEntry): boolean {
  return has_worktree && hasEnded({ status });
}

/** Maximum number of common files that are shown before "more" is chosen. */
const MAX_FILES = 12;

function CommonFiles({ comparison }: { comparison: BoardComparison }) {
  const { tasks, files_in_common: files, files_left_out = 0, identical } = comparison;
  const shown = files.slice(0, MAX_FILES);
  const rest = files.slice(MAX_FILES);
  return (
    <section class="compare-common" aria-labelledby="compare-common">
      <h2 id="compare-common">In common</h2>
      {identical.map((ids) => (
        <p key={ids.join()}>
          The same files result from <VisibleText text={ids.join(", ")} />.
        </p>
      ))}
      {files.length === 0 && <p class="weak">No file was changed by more than one of them.</p>}
      <FileList files={shown} of={tasks.length} />
      {rest.length > 0 && (
        <details>
          <summary>{rest.length + files_left_out} more files</summary>
          <FileList files={rest} of={tasks.length} />
          {files_left_out > 0 && <p class="weak">{files_left_out} are not listed.</p>}
        </details>
      )}
    </section>
  );
}

function FileList({ files, of }: { files: BoardComparison["files_in_common"]; of: number }) {
  return (
    <ul class="compare-files">
      {files.map(({ path, tasks }) => (
        <li key={path}>
          <code>
            <VisibleText text={path} />
          </code>{" "}
          <span class="weak">changed by {tasks.length === of ? "all" : <VisibleText text={tasks.join(", ")} />}</span>
        </li>
      ))}
    </ul>
  );
}
