import { useEffect, useState } from "preact/hooks";
import type { MergeBody, MergePreview, MergeResult } from "#board/api/actions.ts";
import type { TaskPageData } from "#board/api/task.ts";
import { makeVisible } from "#base/visible-text.ts";
import { Dialog } from "#board/page/parts/dialog.tsx";
import { VisibleBlock, VisibleText } from "#board/page/parts/visible-text.tsx";
import type { TaskActions } from "#board/page/source/page-source.ts";
import { type RequestError, toRequestError } from "#board/page/source/requests.ts";
import { FailureText } from "./labels.tsx";

/** Strategies with what they do. */
const STRATEGIES: Record<MergeBody["strategy"], { name: string; meaning: string }> = {
  squash: { name: "Squash", meaning: "one commit with all changes" },
  merge: { name: "Merge commit", meaning: "keeps the task's commits, and adds one that joins them" },
  rebase: { name: "Rebase", meaning: "the task's commits, one after the other on top of the branch" },
};

/** Properties of the dialog. */
interface MergeDialogProps {
  task: TaskPageData;
  actions: TaskActions;
  isLive: boolean;
  onClose: () => void;
  onMerged: (result: MergeResult) => void;
  /** Begins a message to the task; undefined if it takes none. */
  onWrite: ((text: string) => void) | undefined;
}

/** Shows the effect that a merge would have, or its conflicts, and merges. Nothing changes before that. */
export function MergeDialog({ task, actions, isLive, onClose, onMerged, onWrite }: MergeDialogProps) {
  const { id } = task.card;
  const [strategy, setStrategy] = useState<MergeBody["strategy"]>("squash");
  const [discardsOthers, setDiscardsOthers] = useState(false);
  const [isMerging, setMerging] = useState(false);
  const [failure, setFailure] = useState<RequestError>();
  const preview = usePreview(actions, id, strategy, task.card.base_branch);
  const others = task.other_tries ?? [];
  const merge = async () => {
    setMerging(true);
    setFailure(undefined);
    try {
      onMerged(await actions.merge(id, { strategy, ...(discardsOthers && { discard_others: true }) }));
    } catch (error) {
      setFailure(toRequestError(error));
      setMerging(false);
    }
  };
  const into = preview?.into ?? task.card.base_branch ?? "";
  return (
    <Dialog title={makeVisible(`Merge ${task.card.branch ?? id}`)} onClose={onClose}>
      <div class="dialog-body" aria-live="polite" aria-busy={preview === undefined}>
        <PreviewText preview={preview} />
      </div>
      <StrategyChoice strategy={strategy} onChange={setStrategy} isDisabled={isMerging} />
      {others.length > 0 && (
        <label class="choice">
          <input
            type="checkbox"
            checked={discardsOthers}
            onChange={({ currentTarget }) => setDiscardsOthers(currentTarget.checked)}
          />
          Discard the {others.length === 1 ? "other try" : `other ${others.length} tries`} after that; they can be
          restored
        </label>
      )}
      {failure !== undefined && <FailureText failure={failure} />}
      <div class="buttons">
        <button
          type="button"
          class="primary"
          disabled={preview?.outcome !== "clean" || isMerging || !isLive}
          onClick={() => void merge()}
        >
          {isMerging ? "Merging…" : <VisibleText text={`Merge into ${into}`} />}
        </button>
        {preview?.outcome === "conflict" && onWrite !== undefined && (
          <button type="button" onClick={() => onWrite(describeConflict(preview))}>
            Ask Codex to resolve it
          </button>
        )}
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}

/** Returns the effect of a merge by a strategy, as soon as it is known. */
function usePreview(
  actions: TaskActions,
  id: string,
  strategy: MergeBody["strategy"],
  into = "",
): MergePreview | undefined {
  const [preview, setPreview] = useState<MergePreview>();
  useEffect(() => {
    let isWanted = true;
    setPreview(undefined);
    actions
      .previewMerge(id, { strategy })
      .catch((error: unknown): MergePreview => {
        const { code, message, hint } = toRequestError(error);
        return { into, outcome: "refused", conflicts: [], failure: { code, message, hint } };
      })
      .then((found) => isWanted && setPreview(found))
      .catch(() => {});
    return () => {
      isWanted = false;
    };
  }, [actions, id, strategy]);
  return preview;
}

function PreviewText({ preview }: { preview: MergePreview | undefined }) {
  if (preview === undefined) return <p class="weak">Computing the merge…</p>;
  const { outcome, into, diff_stat = "", conflicts, failure, note } = preview;
  return (
    <>
      {outcome === "clean" && (
        <p class="merge-outcome good">
          <span aria-hidden="true">✓ </span>
          Merges cleanly into <VisibleText text={into} />
          {diff_stat !== "" && <>: {diff_stat}</>}
        </p>
      )}
      {outcome === "no_changes" && <p>There is nothing to merge.</p>}
      {outcome === "conflict" && (
        <p class="merge-outcome bad">
          <span aria-hidden="true">✗ </span>
          Conflicts with <VisibleText text={into} /> in{" "}
          {conflicts.length === 1 ? "1 file" : `${conflicts.length} files`}. Nothing was changed.
        </p>
      )}
      {failure !== undefined && outcome !== "conflict" && <FailureText failure={failure} />}
      {conflicts.map((conflict) => (
        <details key={conflict.path} class="conflict" open={conflicts.length <= 3}>
          <summary>
            <VisibleText text={conflict.path} /> <span class="weak">{conflict.kind}</span>
          </summary>
          {conflict.text === undefined ? (
            <p class="weak">The two sides cannot be combined line by line.</p>
          ) : (
            <VisibleBlock text={conflict.text} />
          )}
        </details>
      ))}
      {note !== undefined && (
        <p class="note">
          <VisibleText text={note} />
        </p>
      )}
    </>
  );
}

function StrategyChoice({ strategy, onChange, isDisabled }: StrategyChoiceProps) {
  return (
    <fieldset class="strategies" disabled={isDisabled}>
      <legend>How</legend>
      {(["squash", "merge", "rebase"] as const).map((each) => (
        <label key={each} class="choice">
          <input type="radio" name="strategy" checked={each === strategy} onChange={() => onChange(each)} />
          {STRATEGIES[each].name} <span class="weak">{STRATEGIES[each].meaning}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** Properties of the choice of a strategy. */
interface StrategyChoiceProps {
  strategy: MergeBody["strategy"];
  onChange: (strategy: MergeBody["strategy"]) => void;
  isDisabled: boolean;
}

function describeConflict({ into, conflicts }: MergePreview): string {
  const paths = conflicts.map(({ path }) => path).join(", ");
  return `Merge ${into} into your branch and resolve the conflicts in ${paths}.`;
}
