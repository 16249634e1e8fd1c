import type { Side } from "../comments/line-comment.ts";
import { useEffect, useRef } from "preact/hooks";
import { formatNumber } from "#base/text.ts";
import { Hidden } from "#board/page/parts/visible-text.tsx";
import { lineOf, type PatchLine, type SplitRow } from "./parse-patch.ts";
import { splitLine } from "./segments.ts";

/** Properties of a row of a patch. */
export interface LineRowProps {
  /** Absent while it is being read. */
  content: PatchLine | SplitRow | undefined;
  isSplit: boolean;
  /** Whether it has the keyboard. */
  isCursor: boolean;
  isSelected: (side: Side, line: number) => boolean;
  /** Called with a line whose number was pressed; absent if there are no comments. */
  onPick: ((side: Side, line: number, isRange: boolean) => void) | undefined;
}

/** Shows a row of a patch: one line, or in two columns the line before and the line after. */
export function LineRow(props: LineRowProps) {
  const { content, isSplit, isCursor } = props;
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const list = element.current?.closest(".virtual-list");
    const { activeElement } = document;
    // Not out of a form or another part of the page.
    const isFree = activeElement === document.body || activeElement === list || activeElement?.matches(".line-number");
    if (isCursor && isFree === true) element.current?.querySelector("button")?.focus({ preventScroll: true });
  }, [isCursor]);
  const hunk = lineOf(content, "new");
  if (hunk?.kind === "hunk") return <div class="hunk-row">{hunk.text}</div>;
  return (
    <div ref={element} class={`line-row ${isSplit ? "split" : "unified"} ${isCursor ? "cursor" : ""}`}>
      {isSplit ? (
        <>
          <Half {...props} side="old" line={lineOf(content, "old")} />
          <Half {...props} side="new" line={lineOf(content, "new")} />
        </>
      ) : (
        <Whole {...props} line={lineOf(content, "new")} />
      )}
    </div>
  );
}

type PartProps = LineRowProps & { line: PatchLine | undefined };

function Whole({ line, ...props }: PartProps) {
  const side = line?.kind === "removed" ? "old" : "new";
  const selected = line !== undefined && props.isSelected(side, line[side] ?? 0) ? "selected" : "";
  return (
    <div class={`line ${line?.kind ?? "unread"} ${selected}`}>
      <LineNumber {...props} line={line} side="old" />
      <LineNumber {...props} line={line} side="new" />
      <LineText line={line} />
    </div>
  );
}

function Half({ line, side, ...props }: PartProps & { side: Side }) {
  const selected = line !== undefined && props.isSelected(side, line[side] ?? 0) ? "selected" : "";
  return (
    <div class={`line ${line?.kind ?? (props.content === undefined ? "unread" : "none")} ${selected}`}>
      <LineNumber {...props} line={line} side={side} />
      <LineText line={line} />
    </div>
  );
}

function LineNumber({ line, side, isCursor, onPick }: PartProps & { side: Side }) {
  const number = line?.[side];
  if (number === undefined || onPick === undefined) return <span class="line-number">{number}</span>;
  return (
    <button
      type="button"
      class="line-number"
      tabIndex={isCursor ? 0 : -1}
      aria-label={`Comment on ${side} line ${number}`}
      onClick={({ shiftKey }) => onPick(side, number, shiftKey)}
    >
      {number}
    </button>
  );
}

const SIGNS: Record<PatchLine["kind"], string> = { hunk: "", same: "", added: "+", removed: "-" };

function LineText({ line }: { line: PatchLine | undefined }) {
  if (line === undefined) return <code class="line-text" />;
  return (
    <>
      <span class="line-sign">{SIGNS[line.kind]}</span>
      <code class="line-text" dir="ltr">
        <span class="line-shift">
          {splitLine(line).map(({ text, name, isChanged }) =>
            name === undefined && !isChanged ? (
              text
            ) : (
              <span class={`${name ?? ""} ${isChanged ? "changed" : ""}`}>{text}</span>
            ),
          )}
          {line.missing !== undefined && <span class="line-rest"> … {formatNumber(line.missing)} more characters</span>}
          {line.isUnended === true && (
            <span class="line-rest" title="No newline at end of file">
              {" "}
              ⊘<Hidden>No newline at end of file</Hidden>
            </span>
          )}
        </span>
      </code>
    </>
  );
}
