import { makeVisible } from "#base/visible-text.ts";
import { kindOfDiffLine } from "#board/page/task/describe-task.ts";

/** Largest number of lines that are shown at first. */
const MAX_LINES = 400;

/**
 * Shows a small change, line by line.
 * @param kind of a file that is added or deleted, the diff may be its whole content
 */
export function DiffText({ diff, kind }: { diff: string; kind: string }) {
  const lines = diff.split("\n");
  const isContent = !diff.startsWith("@@");
  const whole = !isContent ? undefined : kind === "add" ? "added" : kind === "delete" ? "removed" : undefined;
  return (
    <>
      <pre class="diff-text" dir="ltr" tabIndex={0} aria-label="Change">
        {lines.slice(0, MAX_LINES).map((line, index) => (
          <span key={index} class={whole ?? kindOfDiffLine(line)}>
            {`${makeVisible(line, true)}\n`}
          </span>
        ))}
      </pre>
      {lines.length > MAX_LINES && (
        <RestOfDiff text={lines.slice(MAX_LINES).join("\n")} count={lines.length - MAX_LINES} />
      )}
    </>
  );
}

function RestOfDiff({ text, count }: { text: string; count: number }) {
  return (
    <details>
      <summary>{count} more lines</summary>
      <pre class="diff-text" dir="ltr" tabIndex={0}>
        {makeVisible(text, true)}
      </pre>
    </details>
  );
}
