import { useMemo, useRef, useState } from "preact/hooks";
import { formatPlural } from "#base/text.ts";
import type { ChangedPath } from "#board/api/changes.ts";
import { VirtualList, type VirtualListHandle } from "#board/page/parts/virtual-list.tsx";
import { VisibleText } from "#board/page/parts/visible-text.tsx";
import { LineCounts, StatusLetter } from "../rows/file-header.tsx";
import { listTree, type TreeRow } from "./file-tree.ts";

/** Properties of the tree of files. */
export interface FileListProps {
  files: readonly ChangedPath[];
  /** File whose rows are at the upper edge of the view. */
  current: string | undefined;
  onShow: (path: string) => void;
}

const ROW_HEIGHT = 26;
/** Depth up to which rows are indented. */
const MAX_INDENTED = 12;

/** Shows the files as a tree: arrow keys move in it, and open and close folders. */
export function FileList({ files, current, onShow }: FileListProps) {
  const [filter, setFilter] = useState("");
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const rows = useMemo(() => listTree(files, filter, closed), [files, filter, closed]);
  const keyOf = useMemo(() => (index: number) => `${rows[index]?.kind}:${rows[index]?.path}`, [rows]);
  const list = useRef<VirtualListHandle>(null);
  const toggle = (path: string) =>
    setClosed((before) =>
      before.has(path) ? new Set([...before].filter((each) => each !== path)) : new Set([...before, path]),
    );
  const takeKey = (event: KeyboardEvent) => {
    const index = indexOf(event.target);
    const row = rows[index];
    if (row === undefined) return;
    const isFolderKey = row.kind === "folder" && event.key === (row.isOpen ? "ArrowLeft" : "ArrowRight");
    if (isFolderKey) toggle(row.path);
    else if (event.key === "ArrowDown") focusRow(list.current, index + 1);
    else if (event.key === "ArrowUp") focusRow(list.current, index - 1);
    else return;
    event.preventDefault();
  };
  const count = rows.filter(({ kind }) => kind === "file").length;
  return (
    <div class="file-list">
      <input
        type="search"
        placeholder="Filter files"
        aria-label="Filter files"
        value={filter}
        onInput={({ currentTarget }) => setFilter(currentTarget.value)}
      />
      <p class="visually-hidden" role="status">
        {filter.trim() === "" ? "" : formatPlural(count, "file")}
      </p>
      {rows.length === 0 && <p class="weak">No file has this in its path.</p>}
      <div class="file-rows" onKeyDown={takeKey}>
        <VirtualList
          label="Files"
          role="list"
          count={rows.length}
          keyOf={keyOf}
          estimateHeight={() => ROW_HEIGHT}
          handle={list}
          render={(index) => <Row row={rows[index]} current={current} onShow={onShow} onToggle={toggle} />}
        />
      </div>
    </div>
  );
}

interface RowProps extends Pick<FileListProps, "current" | "onShow"> {
  row: TreeRow | undefined;
  onToggle: (path: string) => void;
}

function Row({ row, current, onShow, onToggle }: RowProps) {
  if (row === undefined) return null;
  const indent = { paddingLeft: `${8 + 12 * Math.min(row.depth, MAX_INDENTED)}px` };
  if (row.kind === "folder") {
    return (
      <div role="listitem">
        <button
          type="button"
          class="tree-row"
          style={indent}
          aria-expanded={row.isOpen}
          onClick={() => onToggle(row.path)}
        >
          <span class="file-arrow" aria-hidden="true">
            {row.isOpen ? "▾" : "▸"}
          </span>
          <span class="tree-name weak">
            <VisibleText text={row.name} />
          </span>
        </button>
      </div>
    );
  }
  return (
    <div role="listitem">
      <button
        type="button"
        class="tree-row"
        style={indent}
        aria-current={row.path === current ? "true" : undefined}
        onClick={() => onShow(row.path)}
      >
        <StatusLetter status={row.file.status} />
        <span class="tree-name">
          <VisibleText text={row.name} />
        </span>
        <LineCounts {...row.file} />
      </button>
    </div>
  );
}

function indexOf(target: EventTarget | null): number {
  const row = target instanceof HTMLElement ? target.closest<HTMLElement>("[data-index]") : null;
  return Number(row?.dataset["index"] ?? -1);
}

function focusRow(list: VirtualListHandle | null, index: number): void {
  list?.scrollTo(index);
  requestAnimationFrame(() =>
    list?.element()?.querySelector<HTMLElement>(`[data-index="${index}"] button`)?.focus({ preventScroll: true }),
  );
}
