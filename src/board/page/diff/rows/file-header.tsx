import { formatBytes } from "#base/format-values.ts";
import { formatNumber } from "#base/text.ts";
import type { ChangedPath } from "#board/api/changes.ts";
import { Hidden, VisibleText } from "#board/page/parts/visible-text.tsx";

/** Words for the states of files. */
const STATUS_WORDS: Record<ChangedPath["status"], string> = {
  added: "Added",
  modified: "Modified",
  deleted: "Deleted",
  renamed: "Renamed",
  copied: "Copied",
  type: "Type changed",
  unknown: "Changed",
};

/** Shows the state of a file as a letter, with its word for those who point at it or cannot see it. */
export function StatusLetter({ status }: { status: ChangedPath["status"] }) {
  const word = STATUS_WORDS[status];
  return (
    <span class={`file-status ${status}`} title={word}>
      <span aria-hidden="true">{word.charAt(0)}</span>
      <Hidden>{word}</Hidden>
    </span>
  );
}

/** Shows the numbers of lines that were added and removed. */
export function LineCounts({ insertions, deletions }: Pick<ChangedPath, "insertions" | "deletions">) {
  return (
    <span class="line-counts">
      {insertions > 0 && <span class="plus">+{formatNumber(insertions)}</span>}{" "}
      {deletions > 0 && <span class="minus">−{formatNumber(deletions)}</span>}
    </span>
  );
}

/** Properties of a file's header. */
export interface FileHeaderProps {
  file: ChangedPath;
  isFolded: boolean;
  /** Whether all lines end with CR LF. */
  isCrLf: boolean;
  onFold: () => void;
  /** Whether this is the header at the upper edge that repeats the file's own. */
  isRepeated?: boolean;
}

/** Shows the name of a file and what happened to it; a click hides or shows its lines. */
export function FileHeader({ file, isFolded, isCrLf, onFold, isRepeated = false }: FileHeaderProps) {
  const facts = [...describeModes(file), ...(isCrLf ? ["CRLF"] : []), ...(isFolded ? [describeSize(file)] : [])];
  return (
    <div class="file-header" aria-hidden={isRepeated}>
      <button
        type="button"
        class="file-fold"
        aria-expanded={!isFolded}
        tabIndex={isRepeated ? -1 : undefined}
        onClick={onFold}
      >
        <span class="file-arrow" aria-hidden="true">
          {isFolded ? "▸" : "▾"}
        </span>
        <StatusLetter status={file.status} />
        <span class="file-path">
          {file.from !== undefined && (
            <span class="weak">
              <VisibleText text={file.from} /> →{" "}
            </span>
          )}
          <VisibleText text={file.path} />
        </span>
      </button>
      {facts.length > 0 && <span class="file-facts weak">{facts.join(" · ")}</span>}
      <LineCounts {...file} />
    </div>
  );
}

/** Names of modes that are worth saying. */
const MODES: Record<string, string> = { "100755": "executable", "120000": "symbolic link", "160000": "submodule" };

/** Returns words for the mode of a file, or for its change, if it is not the usual one. */
export function describeModes({ modes }: ChangedPath): string[] {
  const { old, new: now } = modes ?? {};
  const name = (mode: string) => MODES[mode] ?? (mode === "100644" ? "normal file" : mode);
  if (old !== undefined && now !== undefined) return old === now ? [] : [`${name(old)} → ${name(now)}`];
  const mode = MODES[now ?? old ?? ""];
  return mode === undefined ? [] : [mode];
}

function describeSize({ is_binary, length }: ChangedPath): string {
  return is_binary ? "binary" : formatBytes(length);
}
