import { hasEnded } from "#board/api/card.ts";
import { formatPlural } from "#base/text.ts";
import { useState } from "preact/hooks";
import type { MergeResult } from "#board/api/actions.ts";
import type { ComparedEntry, TakeBody } from "#board/api/compare.ts";
import { Dialog } from "#board/page/parts/dialog.tsx";
import { notify, notifyFailure } from "#board/page/parts/notices.tsx";
import { VisibleText } from "#board/page/parts/visible-text.tsx";
import { MergePreviewText } from "#board/page/merge/merge-preview-text.tsx";
import { useMergePreview } from "#board/page/merge/use-merge-preview.ts";
import { BOARD_ACTIONS } from "#board/page/source/board-source.ts";
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
  const [kept, setKept] = useState<readonly string[]>(others.filter((each) => !hasEnded(each)).map(({ id }) => id));
  const [isBusy, setBusy] = useState(false);
  const preview = useMergePreview(BOARD_ACTIONS, task.id, "squash", task.base_branch);
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
        <MergePreviewText preview={preview} />
      </div>
      {others.length > 0 && <Others others={others} kept={kept} onToggle={toggle} />}
      <div class="buttons">
        <button
          type="button"
          class="primary"
          disabled={isBusy || !isLive.value || preview?.outcome !== "clean"}
          onClick={() => void take()}
        >
          {discard.length === 0 ? "Merge" : `Merge and discard ${formatPlural(discard.length, "other")}`}
        </button>
        <button type="button" onClick={onClose}>
          Cancel
        </button>
      </div>
    </Dialog>
  );
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
            disabled={!hasEnded(other)}
            onChange={() => onToggle(other.id)}
          />{" "}
          <VisibleText text={other.id} />
          {!hasEnded(other) && <span class="weak"> has not ended: it is kept</span>}
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
