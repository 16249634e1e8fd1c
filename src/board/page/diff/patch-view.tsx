import type { Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { formatPlural } from "#base/text.ts";
import type { DiffOverview } from "#board/api/changes.ts";
import { useSize } from "#board/page/layout/use-size.ts";
import { VirtualList } from "#board/page/parts/virtual-list.tsx";
import { VisibleText } from "#board/page/parts/visible-text.tsx";
import { CommentBar } from "./comments/comment-bar.tsx";
import type { CommentStore } from "./comments/comment-store.ts";
import { choose, layout } from "./layout-choice.ts";
import { BlockHeader, isOutdated, RowView } from "./row-view.tsx";
import { LineCounts } from "./rows/file-header.tsx";
import type { ReadPatch } from "./rows/patch-loader.ts";
import { PatchState } from "./rows/patch-state.ts";
import { FileList } from "./tree/file-list.tsx";
import { useAnchor, useSideways } from "./use-scrolling.ts";
import { useDiffKeys } from "./use-diff-keys.ts";
import "./diff.css";
import "./syntax.css";

/** Properties of a view of a patch. */
export interface PatchViewProps {
  overview: DiffOverview;
  readPatch: ReadPatch;
  /** File to show, which another part of the page sets. */
  openFile?: Signal<string | undefined>;
  /** Comments on lines; absent if there are none. */
  comments?: CommentStore | undefined;
  /** Sends the comments; absent if nobody takes them. */
  onSend?: ((message: string) => Promise<void>) | undefined;
  /** Makes the patch again, if the server no longer has it. */
  onStale?: () => Promise<void>;
  /** Further controls. */
  children?: ComponentChildren;
}

/** Width of the view from which two columns fit, and from which the files are beside the lines, in pixels. */
const SPLIT_WIDTH = 760;
const FILES_WIDTH = 620;

const HEIGHTS = { file: 36, line: 20, note: 40, inserted: 120 };

/** Shows the files and lines of a patch. */
export function PatchView(props: PatchViewProps) {
  const { overview, comments, openFile, children } = props;
  const [state] = useState(() => new PatchState(overview, comments));
  const view = useRef<HTMLDivElement>(null);
  const { width } = useSize(view, { width: 1000, height: 0 });
  const isNarrow = width < FILES_WIDTH;
  const { isSplit, isWrapped = isNarrow, hasFiles } = layout.value;
  const hasTree = hasFiles && !isNarrow;
  state.loader.use(overview.key, props.readPatch, props.onStale);
  useLayoutEffect(() => {
    state.overview.value = overview;
  }, [state, overview]);
  useLayoutEffect(() => {
    state.isSplit.value = isSplit && width >= SPLIT_WIDTH;
  }, [state, isSplit, width]);
  const wanted = openFile?.value;
  useEffect(() => {
    if (wanted === undefined || openFile === undefined) return;
    state.show(wanted);
    openFile.value = undefined;
  }, [state, wanted, openFile]);
  useDiffKeys(state, comments, view);
  return (
    <div ref={view} class={`diff ${isWrapped ? "wrapped" : "unwrapped"} ${isNarrow ? "narrow" : ""}`}>
      <div class="diff-toolbar">
        {children}
        <Summary overview={state.overview.value} />
        <LayoutButtons isSplitPossible={width >= SPLIT_WIDTH} isWrapped={isWrapped} isNarrow={isNarrow} />
      </div>
      {overview.note !== undefined && (
        <p class="diff-note">
          <VisibleText text={overview.note} />
        </p>
      )}
      {overview.files.length === 0 ? (
        <p class="diff-empty weak">Nothing differs.</p>
      ) : (
        <div class="diff-body">
          {hasTree && (
            <FileList files={state.files.value} current={state.current.value} onShow={(path) => state.show(path)} />
          )}
          <Rows state={state} comments={comments} isWrapped={isWrapped} label="Changes" />
        </div>
      )}
      {comments !== undefined && (
        <CommentBar
          store={comments}
          isOutdated={(comment) => isOutdated(state, comment)}
          onShow={({ path }) => state.show(path)}
          onSend={props.onSend}
        />
      )}
    </div>
  );
}

function Summary({ overview: { files } }: { overview: DiffOverview }) {
  const sum = (name: "insertions" | "deletions") => files.reduce((total, file) => total + file[name], 0);
  return (
    <span class="diff-summary">
      {formatPlural(files.length, "file")} <LineCounts insertions={sum("insertions")} deletions={sum("deletions")} />
    </span>
  );
}

function LayoutButtons({
  isSplitPossible,
  isWrapped,
  isNarrow,
}: {
  isSplitPossible: boolean;
  isWrapped: boolean;
  isNarrow: boolean;
}) {
  const { isSplit, hasFiles } = layout.value;
  return (
    <span class="diff-buttons">
      {!isNarrow && (
        <button type="button" aria-pressed={hasFiles} onClick={() => choose({ hasFiles: !hasFiles })}>
          Files
        </button>
      )}
      {isSplitPossible && (
        <button type="button" aria-pressed={isSplit} onClick={() => choose({ isSplit: !isSplit })}>
          Two columns
        </button>
      )}
      <button type="button" aria-pressed={isWrapped} onClick={() => choose({ isWrapped: !isWrapped })}>
        Wrap lines
      </button>
    </span>
  );
}

interface RowsProps {
  state: PatchState;
  comments: CommentStore | undefined;
  isWrapped: boolean;
  label: string;
}

function Rows({ state, comments, isWrapped, label }: RowsProps) {
  const model = state.model.value;
  const { columns } = state.loader;
  const frame = useRef<HTMLDivElement>(null);
  const bar = useRef<HTMLDivElement>(null);
  const keyOf = useMemo(() => (index: number) => model.keyAt(index), [model]);
  useAnchor(state, model);
  useEffect(() => state.seeAgain(), [state, model]);
  useSideways(frame, bar, isWrapped);
  const covering = model.blocks.find(({ file }) => file.path === state.covering.value);
  return (
    <div ref={frame} class={`diff-rows ${state.isSplit.value ? "in-two" : "in-one"}`}>
      <VirtualList
        label={label}
        role="region"
        count={model.count}
        keyOf={keyOf}
        estimateHeight={(index) => HEIGHTS[model.kindAt(index)]}
        handle={state.list}
        onRange={(first, last) => state.see(first, last)}
        render={(index) => <RowView row={model.at(index)} state={state} comments={comments} />}
      />
      {covering !== undefined && (
        <div class="file-cover">
          <BlockHeader block={covering} state={state} isRepeated />
        </div>
      )}
      {!isWrapped && (
        <div ref={bar} class="sideways" tabIndex={-1}>
          <div style={{ "--columns": columns.value }} />
        </div>
      )}
    </div>
  );
}
