import type { LineComment, Side } from "./comments/line-comment.ts";
import type { ChangedPath } from "#board/api/changes.ts";
import { readLines } from "./rows/parse-patch.ts";
import { type BlockNote, type DiffRow, type FileBlock } from "./rows/row-model.ts";
import { describeModes, FileHeader } from "./rows/file-header.tsx";
import { LineRow } from "./rows/line-row.tsx";
import { STEP_BYTES } from "./rows/patch-loader.ts";
import { DRAFT_ROW, type PatchState } from "./rows/patch-state.ts";
import { VisibleText } from "#board/page/parts/visible-text.tsx";
import { CommentCard, CommentForm } from "./comments/comment-card.tsx";
import type { CommentStore } from "./comments/comment-store.ts";

/** Properties of a row of the list. */
export interface RowViewProps {
  row: DiffRow | undefined;
  state: PatchState;
  comments: CommentStore | undefined;
}

/** Shows a row of the list. */
export function RowView({ row, state, comments }: RowViewProps) {
  switch (row?.kind) {
    case undefined:
      return null;
    case "file":
      return <BlockHeader block={row.block} state={state} />;
    case "note":
      return <Note block={row.block} note={row.note} state={state} />;
    case "inserted":
      return comments === undefined ? null : <Inserted id={row.id} state={state} comments={comments} />;
    case "line": {
      const { path } = row.block.file;
      const { cursor } = state;
      return (
        <LineRow
          content={state.contentOf(row)}
          isSplit={state.isSplit.value}
          isCursor={cursor.value?.path === path && cursor.value.row === row.row}
          isSelected={(side, line) => isIn(comments, path, side, line)}
          onPick={
            comments === undefined ? undefined : (side, line, isRange) => pick(comments, { path, side, line }, isRange)
          }
        />
      );
    }
  }
}

/** Shows the header of a file. */
export function BlockHeader({
  block: { file, isFolded, start },
  state,
  isRepeated = false,
}: {
  block: FileBlock;
  state: PatchState;
  isRepeated?: boolean;
}) {
  const fold = () => {
    state.fold(file.path);
    // The header stays where it is, although the lines under it go.
    if (isRepeated) requestAnimationFrame(() => state.list.current?.place(start, 0));
  };
  const isCrLf = state.loader.get(file)?.patch?.isCrLf === true;
  return <FileHeader file={file} isFolded={isFolded} isCrLf={isCrLf} isRepeated={isRepeated} onFold={fold} />;
}

function Note({ block: { file }, note, state }: { block: FileBlock; note: BlockNote; state: PatchState }) {
  const { loader } = state;
  switch (note) {
    case "binary":
      return <p class="file-note">Binary file: its content is not shown.</p>;
    case "empty":
      return <p class="file-note">{describeEmpty(file)}</p>;
    case "failed": {
      const loaded = loader.get(file);
      return (
        <p class="file-note" role="alert">
          <VisibleText text={loaded?.failure ?? "The changes could not be read."} />{" "}
          <button type="button" onClick={() => loader.extend(file)}>
            Try again
          </button>
        </p>
      );
    }
    case "cut": {
      const [shown, all] = [loader.limitOf(file), file.length].map((bytes) => (bytes / STEP_BYTES).toFixed(1));
      return (
        <p class="file-note">
          {`The first ${shown} of ${all} MB are shown. `}
          <button type="button" onClick={() => loader.extend(file)}>
            Show more
          </button>
        </p>
      );
    }
  }
}

function describeEmpty(file: ChangedPath): string {
  const modes = describeModes(file);
  if (modes.length > 0 && file.status === "modified") return `Only the mode differs: ${modes.join(", ")}.`;
  if (file.from !== undefined) return "The content is the same.";
  if (file.status === "added") return "The new file is empty.";
  if (file.status === "deleted") return "The file was empty.";
  return "No line of the content differs.";
}

function Inserted({ id, state, comments }: { id: string; state: PatchState; comments: CommentStore }) {
  const draft = comments.draft.value;
  if (id === DRAFT_ROW && draft !== undefined) {
    return (
      <CommentForm
        draft={draft}
        store={comments}
        onSave={() => comments.save(quote(state, draft) ?? draft.quoted ?? [])}
      />
    );
  }
  const comment = comments.comments.value.find((each) => each.id === id);
  if (comment === undefined) return null;
  return <CommentCard comment={comment} store={comments} isOutdated={isOutdated(state, comment)} />;
}

/** Returns whether the lines of a comment are no longer what it quotes, as far as they were read. */
export function isOutdated(state: PatchState, comment: LineComment): boolean {
  if (!state.files.value.some(({ path }) => path === comment.path)) return true;
  const lines = quote(state, comment);
  return lines !== undefined && lines.join("\n") !== comment.quoted.join("\n");
}

function quote(
  state: PatchState,
  { path, side, first, last }: Pick<LineComment, "path" | "side" | "first" | "last">,
): string[] | undefined {
  const file = state.files.value.find((each) => each.path === path);
  const patch = file === undefined ? undefined : state.loader.get(file)?.patch;
  return patch === undefined ? undefined : readLines(patch, side, first, last);
}

function isIn(comments: CommentStore | undefined, path: string, side: Side, line: number): boolean {
  const draft = comments?.draft.value;
  if (draft === undefined) return false;
  return draft.path === path && draft.side === side && draft.first <= line && line <= draft.last;
}

/** Opens the form for a line, or extends the lines of an open one. */
function pick(
  comments: CommentStore,
  { path, side, line }: { path: string; side: Side; line: number },
  isRange: boolean,
): void {
  const draft = comments.draft.value;
  const isSame = isRange && draft?.path === path && draft.side === side;
  const [from, to] = isSame ? [Math.min(draft.first, line), Math.max(draft.last, line)] : [line, line];
  comments.open({ path, side, first: from, last: to });
}
