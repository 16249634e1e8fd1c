import { hasEnded } from "#board/api/card.ts";
import { taskAddress } from "#board/page/address/addresses.ts";
import { formatPlural } from "#base/text.ts";
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Link } from "wouter-preact";
import type { ComparedEntry, BoardComparison } from "#board/api/compare.ts";
import type { TaskPageData } from "#board/api/task.ts";
import { formatCount, formatDuration } from "#base/format-values.ts";
import { Markdown } from "#board/page/parts/markdown/markdown.tsx";
import { notifyFailure } from "#board/page/parts/notices.tsx";
import { VisibleText } from "#board/page/parts/visible-text.tsx";
import { taskPath } from "#board/page/source/board-source.ts";
import { readJson } from "#board/page/source/requests.ts";
import { type BestValues, findBest, isBest, linesOf, secondsOf } from "./best-values.ts";

/** Actions on the tasks of a comparison. */
export interface CompareActions {
  isEnabled: boolean;
  take: (id: string) => void;
  restore: (id: string) => void;
}

/** Row of the table: a fact about each task. */
interface CompareRow {
  name: string;
  /** Whether any of the tasks has it. */
  isUsed: boolean;
  cell: (task: ComparedEntry) => ComponentChildren;
}

/** Width of the column of names, and least width of a task's column, in pixels. */
const FACT_WIDTH = 104;
const TASK_WIDTH = 200;

/** Shows tasks side by side. @param props `actions`: undefined if the board allows none */
export function CompareTable({
  comparison: { tasks, identical },
  actions,
}: {
  comparison: BoardComparison;
  actions: CompareActions | undefined;
}) {
  const rows = rowsFor(tasks, identical).filter(({ isUsed }) => isUsed);
  return (
    <div class="compare-scroll" role="region" aria-label="Comparison" tabIndex={0}>
      <table class="compare-table" style={{ minWidth: `${FACT_WIDTH + tasks.length * TASK_WIDTH}px` }}>
        <thead>
          <tr>
            <th scope="col">
              <span class="visually-hidden">Fact</span>
            </th>
            {tasks.map(({ id }) => (
              <th key={id} scope="col">
                <Link href={taskAddress(id)}>
                  <VisibleText text={id} />
                </Link>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, cell }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {tasks.map((task) => (
                <td key={task.id}>{cell(task)}</td>
              ))}
            </tr>
          ))}
          {actions !== undefined && (
            <tr>
              <th scope="row">Choose</th>
              {tasks.map((task) => (
                <td key={task.id}>
                  <TaskButton task={task} actions={actions} />
                </td>
              ))}
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}

function rowsFor(tasks: readonly ComparedEntry[], identical: BoardComparison["identical"]): CompareRow[] {
  const best = findBest(tasks);
  const some = (of: (task: ComparedEntry) => unknown) => tasks.some((task) => of(task) !== undefined);
  const text = (name: string, of: (task: ComparedEntry) => string | undefined): CompareRow => ({
    name,
    isUsed: some(of),
    cell: (task) => <VisibleText text={of(task) ?? ""} />,
  });
  const isOnePrompt = new Set(tasks.map(({ title }) => title)).size === 1;
  return [
    { ...text("Prompt", ({ title }) => title), isUsed: !isOnePrompt },
    { name: "State", isUsed: true, cell: StateCell },
    { name: "Check", isUsed: some(({ check }) => check), cell: CheckCell },
    { name: "Changes", isUsed: some(({ changes }) => changes), cell: (task) => changesCell(task, best, identical) },
    { name: "Tokens", isUsed: some(({ tokens }) => tokens), cell: (task) => tokensCell(task, best) },
    { name: "Time", isUsed: true, cell: (task) => timeCell(task, best) },
    text("Model", ({ model }) => model),
    text("Effort", ({ reasoning_effort }) => reasoning_effort),
    text("Profile", ({ profile }) => profile),
    text("Branch", ({ branch }) => branch),
    text("Merged as", ({ merged }) => merged?.slice(0, 12)),
    { name: "Result", isUsed: some(({ result }) => result), cell: (task) => <ResultCell key={task.id} task={task} /> },
    text("Error", ({ error }) => error),
    text("Note", ({ note }) => note),
  ];
}

function StateCell({ status }: ComparedEntry) {
  return <span class={`compare-state ${status}`}>{status}</span>;
}

function CheckCell({ check }: ComparedEntry) {
  if (check === undefined) return <span class="weak">none</span>;
  const times = check.attempts > 1 ? ` at attempt ${check.attempts}` : "";
  const status = check.passed || check.exit_code === undefined ? "" : ` (exit status ${check.exit_code})`;
  return <span class={check.passed ? "good" : "bad"}>{`${check.passed ? "passed" : "failed"}${times}${status}`}</span>;
}

function changesCell(task: ComparedEntry, { lines }: BestValues, identical: BoardComparison["identical"]) {
  const { id, changes } = task;
  if (changes === undefined) return <span class="weak">no worktree</span>;
  const same = identical.find((ids) => ids.includes(id))?.filter((each) => each !== id);
  return (
    <>
      {formatPlural(changes.files, "file")}{" "}
      <span class="compare-counts">
        <span class="good">+{changes.insertions}</span> <span class="bad">−{changes.deletions}</span>
      </span>
      {isBest(task, linesOf(task), lines) && <Best>smallest</Best>}
      {same !== undefined && (
        <span class="compare-same weak">
          same files as <VisibleText text={same.join(", ")} />
        </span>
      )}
    </>
  );
}

function tokensCell(task: ComparedEntry, best: BestValues) {
  if (task.tokens === undefined) return <span class="weak">unknown</span>;
  return (
    <>
      {formatCount(task.tokens)}
      {isBest(task, task.tokens, best.tokens) && <Best>fewest</Best>}
    </>
  );
}

function timeCell(task: ComparedEntry, best: BestValues) {
  return (
    <>
      {formatDuration(task.elapsed_seconds)}
      {isBest(task, secondsOf(task), best.seconds) && <Best>fastest</Best>}
    </>
  );
}

function Best({ children }: { children: string }) {
  return <span class="compare-best">{children}</span>;
}

function ResultCell({ task: { id, result, is_cut } }: { task: ComparedEntry }) {
  const [whole, setWhole] = useState<string>();
  if (result === undefined) return <span class="weak">none</span>;
  const show = () => {
    readJson<TaskPageData>(taskPath(id)).then((data) => setWhole(data.result ?? result), notifyFailure);
  };
  return (
    <>
      <div class="compare-result" role="region" aria-label={`Result of ${id}`} tabIndex={0}>
        <Markdown text={whole ?? result} />
      </div>
      {is_cut === true && whole === undefined && (
        <button type="button" onClick={show}>
          Show the whole result
        </button>
      )}
    </>
  );
}

function TaskButton({ task, actions }: { task: ComparedEntry; actions: CompareActions }) {
  const { id, has_worktree, branch, merged } = task;
  if (!hasEnded(task)) return <span class="weak">not ended yet</span>;
  if (has_worktree) {
    return (
      <button
        type="button"
        class={merged === undefined ? "primary" : ""}
        disabled={!actions.isEnabled}
        aria-label={`Take this one: ${id}`}
        onClick={() => actions.take(id)}
      >
        Take this one
      </button>
    );
  }
  if (branch === undefined) return <span class="weak">nothing to merge</span>;
  return (
    <button
      type="button"
      disabled={!actions.isEnabled}
      aria-label={`Restore ${id}`}
      onClick={() => actions.restore(id)}
    >
      Restore
    </button>
  );
}
