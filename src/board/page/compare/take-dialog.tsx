import { useEffect, useState } from "preact/hooks";
import type { MergePreview, MergeResult } from "#board/api/actions.ts";
import type { ComparedEntry, TakeBody } from "#board/api/compare.ts";
import { Dialog } from "#board/page/parts/dialog.tsx";
import { notify, notifyFailure } from "#board/page/parts/notices.tsx";
import { VisibleBlock, VisibleText } from "#board/page/parts/visible-text.tsx";
import { taskPath } from "#board/page/source/board-source.ts";
import { act } from "#board/page/source/requests.ts";
import { isLive } from "#board/page/state/board-state.ts";
import { restoreTasks } from "./restore-tasks.ts";

/** Shows what taking a task would do, and does it when that is confirmed. */
export function TakeDialog({
  task,
  all,
  onClose,
  onDone,
}: {
  task: ComparedEntry;
  all: readonly ComparedEntry[];
  onClose: () => void;
  onDone: () => void;
}) {
  const others = all.filter(({ id, has_worktree }) => id !== task.id && has_worktree);
  const [kept, setKept] = useState<readonly string[]>(others.filter(isUnfinished).map(({ id }) => id));
  const [isBusy, setBusy] = useState(false);
  const preview = usePreview(task.id);
  const discard = others.map(({ id }) => id).filter((id) => !kept.includes(id));
  const take = async () => {
    setBusy(true);
    try {
      report(
        task.id,
        await act<MergeResult>("/api/compare/take", { take: task.id, discard } satisfies TakeBody),
        onDone,
      );
      onClose();
    } catch (error) {
      notifyFailure(error);
      setBusy(false);
    }
    onDone();
  };
  const toggle = (id: string) => setKept(kept.includes(id) ? kept.filter((each) => each !== id) : [...kept, id]);
  return (
    <Dialog title="Take this one" onClose={onClose}>
      <p class="weak">
        <VisibleText text={task.id} />
      </p>
      <div class="compare-preview" aria-live="polite">
        <PreviewText preview={preview} />
      </div>
      {others.length > 0 && <Others others={others} kept={kept} onToggle={toggle} />}
      <p class="compare-buttons">
        <button
          type="button"
          class="primary"
          disabled={isBusy || !isLive.value || preview?.outcome !== "clean"}
          onClick={() => void take()}
        >
          {discard.length === 0
            ? "Merge"
            : `Merge and discard ${discard.length} ${discard.length === 1 ? "other" : "others"}`}
        </button>
        <button type="button" onClick={onClose}>
          Cancel
        </button>
      </p>
    </Dialog>
  );
}

function isUnfinished({ status }: ComparedEntry): boolean {
  return status === "queued" || status === "running" || status === "waiting";
}

function usePreview(id: string): MergePreview | undefined {
  const [preview, setPreview] = useState<MergePreview>();
  useEffect(() => {
    act<MergePreview>(`${taskPath(id)}/merge-preview`).then(setPreview, notifyFailure);
  }, [id]);
  return preview;
}

/** Shows the effect that the merge would have. */
function PreviewText({ preview }: { preview: MergePreview | undefined }) {
  if (preview === undefined) return <p class="weak">Working out the merge…</p>;
  const { into, outcome, diff_stat = "", conflicts, failure, note } = preview;
  switch (outcome) {
    case "clean":
      return (
        <>
          <p>
            <span class="good">Merges cleanly</span> into <VisibleText text={into} />: {diff_stat}.
          </p>
          {note !== undefined && (
            <p class="compare-warning">
              <VisibleText text={note} />
            </p>
          )}
        </>
      );
    case "no_changes":
      return (
        <p>
          There is nothing to merge into <VisibleText text={into} />. Nothing would be discarded.
        </p>
      );
    case "conflict":
      return (
        <>
          <p class="bad">
            Conflicts with <VisibleText text={into} />. Nothing would be merged or discarded.
          </p>
          {conflicts.map(({ path, kind, text }) => (
            <div key={path} class="compare-conflict">
              <code>
                <VisibleText text={path} />
              </code>{" "}
              <span class="weak">
                <VisibleText text={kind} />
              </span>
              {text !== undefined && (
                <div class="compare-conflict-text" role="region" aria-label="Conflicting lines" tabIndex={0}>
                  <VisibleBlock text={text} />
                </div>
              )}
            </div>
          ))}
        </>
      );
    case "refused":
      return (
        <p class="bad">
          <VisibleText text={`${failure?.message ?? "It cannot be merged."} ${failure?.hint ?? ""}`} />
        </p>
      );
  }
}

function Others(props: { others: readonly ComparedEntry[]; kept: readonly string[]; onToggle: (id: string) => void }) {
  const { others, kept, onToggle } = props;
  return (
    <fieldset class="compare-others">
      <legend>Discarded after the merge</legend>
      {others.map((other) => (
        <label key={other.id}>
          <input
            type="checkbox"
            checked={!kept.includes(other.id)}
            disabled={isUnfinished(other)}
            onChange={() => onToggle(other.id)}
          />{" "}
          <VisibleText text={other.id} />
          {isUnfinished(other) && <span class="weak"> has not ended: it is kept</span>}
        </label>
      ))}
      <p class="weak">Their work is saved before, with uncommitted files, and can be restored.</p>
    </fieldset>
  );
}

function report(id: string, { into, commit, diff_stat, discarded, failed }: MergeResult, onDone: () => void): void {
  for (const { id: other, failure } of failed) {
    notify("failed", `${other} was not discarded: ${failure.message} ${failure.hint}`);
  }
  if (commit === undefined) {
    notify("failed", `There was nothing to merge into ${into}. Nothing was discarded.`);
    return;
  }
  const also = discarded.length === 0 ? "" : ` Discarded ${discarded.join(", ")}.`;
  const undo = { name: "Undo the discards", run: () => void restoreTasks(discarded).then(onDone) };
  const what = diff_stat === "" ? "it had the changes already" : diff_stat;
  notify("done", `Merged ${id} into ${into}: ${what}.${also}`, discarded.length === 0 ? undefined : undo);
}
