import { VisibleText } from "#board/page/parts/visible-text.tsx";
import type { TaskLabel } from "./describe-task.ts";

/** Shows a label with its mark. */
export function Label({ label: { mark, text, tone } }: { label: TaskLabel }) {
  return (
    <span class={`label ${tone}`}>
      <span aria-hidden="true">{mark}</span> <VisibleText text={text} />
    </span>
  );
}
