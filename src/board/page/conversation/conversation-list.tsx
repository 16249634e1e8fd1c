import { useEffect, useLayoutEffect } from "preact/hooks";
import type { TaskPageData } from "#board/api/task.ts";
import { VirtualList } from "#board/page/parts/virtual-list.tsx";
import { EntryView } from "./entries/entry-view.tsx";
import type { ListControl } from "./list-control.ts";
import { estimateRow, toRows } from "./rows.ts";

/** Shows the entries of a run, of which only the visible ones are in the document. */
export function ConversationList({
  control,
  task,
  onOpenFile,
}: {
  control: ListControl;
  task: TaskPageData;
  onOpenFile: ((path: string) => void) | undefined;
}) {
  const { reader } = control;
  const { log } = reader;
  const rows = toRows(log.entries.value, task, {
    run: log.run,
    hasStart: log.hasStart.value,
    hasEnd: log.hasEnd.value,
  });
  // Callbacks of the list need the rows while it is rendered.
  control.rows = rows;
  useLayoutEffect(() => control.take(rows));
  useEffect(() => {
    const list = control.handle.current?.element();
    const note = () => control.takeScroll();
    list?.addEventListener("scroll", note, { passive: true });
    return () => list?.removeEventListener("scroll", note);
  }, [control]);
  return (
    <div class="conversation-list">
      <VirtualList
        count={rows.length}
        keyOf={(index) => rows[index]?.key ?? index}
        estimateHeight={(index) => estimateRow(rows[index] ?? { key: 0, entry: { at: 0, kind: "turn" } })}
        render={(index) => {
          const row = rows[index];
          return row === undefined ? null : <EntryView row={row} {...{ reader, task, onOpenFile }} />;
        }}
        handle={control.handle}
        // Parts of a log that are loaded while its end is not are not followed.
        anchor={control.isAtEnd.value ? "end" : "keep"}
        role="list"
        label="Entries of the conversation"
        onRange={(first, last) => control.takeRange(first, last)}
      />
      <EndButton control={control} lastKey={rows.at(-1)?.key} />
    </div>
  );
}

/** Leads to the end, and says how many entries are new there. */
function EndButton({ control, lastKey }: { control: ListControl; lastKey: number | undefined }) {
  const seen = control.lastSeen.value;
  const index = control.rows.findIndex(({ key }) => key === seen);
  const isAtEnd = control.isAtEnd.value;
  const count = index < 0 || isAtEnd || lastKey === undefined ? 0 : control.rows.length - 1 - index;
  return (
    <div class="to-end" role="status">
      {!isAtEnd && (
        <button type="button" class={count > 0 ? "primary" : ""} onClick={() => void control.goToEnd()}>
          {count > 0 ? `${count} new ↓` : "End ↓"}
        </button>
      )}
    </div>
  );
}
