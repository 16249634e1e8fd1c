import type { MergePreview } from "#board/api/actions.ts";
import { formatPlural } from "#base/text.ts";
import { FailureText } from "#board/page/parts/failure-text.tsx";
import { VisibleBlock, VisibleText } from "#board/page/parts/visible-text.tsx";
import "./merge-preview.css";

/** Shows the effect that a merge would have. @param props `preview`: undefined while it is computed */
export function MergePreviewText({ preview }: { preview: MergePreview | undefined }) {
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
      {outcome === "no_changes" && (
        <p>
          There is nothing to merge into <VisibleText text={into} />.
        </p>
      )}
      {outcome === "conflict" && (
        <p class="merge-outcome bad">
          <span aria-hidden="true">✗ </span>
          Conflicts with <VisibleText text={into} /> in {formatPlural(conflicts.length, "file")}. Nothing was changed.
        </p>
      )}
      {failure !== undefined && outcome !== "conflict" && <FailureText failure={failure} />}
      {conflicts.map((conflict) => (
        <details key={conflict.path} class="merge-conflict" open={conflicts.length <= 3}>
          <summary>
            <VisibleText text={conflict.path} /> <span class="weak">{conflict.kind}</span>
          </summary>
          {conflict.text === undefined ? (
            <p class="weak">The two sides cannot be combined line by line.</p>
          ) : (
            <div class="merge-conflict-text" role="region" aria-label="Conflicting lines" tabIndex={0}>
              <VisibleBlock text={conflict.text} />
            </div>
          )}
        </details>
      ))}
      {note !== undefined && (
        <p class="merge-note">
          <VisibleText text={note} />
        </p>
      )}
    </>
  );
}
