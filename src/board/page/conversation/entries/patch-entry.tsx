import type { LogEntry, PatchFile } from "#board/api/conversation.ts";
import { VisibleText } from "#board/page/parts/visible-text.tsx";
import { makeVisible } from "#base/visible-text.ts";
import type { EntryContext } from "#board/page/conversation/reader.ts";

/** Names of the kinds of changes. */
const KINDS: ReadonlyMap<string, string> = new Map([
  ["add", "added"],
  ["delete", "deleted"],
  ["update", "changed"],
]);
/** Largest number of lines of changes that are shown without opening them. */
const MAX_OPEN_LINES = 24;
/** Largest number of lines that are shown of one change. */
const MAX_LINES = 1000;
/** Longest line that is shown of a change, in characters. */
const MAX_LINE = 2000;

/** Shows a patch: its files, and the changes themselves if they are known. */
export function PatchEntry({
  entry: { files = [], status },
  rowKey,
  reader,
  task,
  onOpenFile,
}: EntryContext & { entry: LogEntry; rowKey: number }) {
  const lines = files.reduce((sum, { diff }) => sum + (diff === undefined ? 0 : countLines(diff)), 0);
  const isOpen = reader.isOpen(rowKey, lines <= MAX_OPEN_LINES);
  const hasDiffs = lines > 0;
  return (
    <>
      {status !== "completed" && (
        <span class={`badge ${status === "in_progress" ? "running" : "bad"}`}>
          {status === "in_progress" ? "being applied" : <VisibleText text={status ?? "unknown"} />}
        </span>
      )}
      <ul class="patch-files">
        {files.map((file, index) => (
          <li key={index}>
            <FileLine
              file={file}
              path={relative(file.path, task.worktree?.path ?? task.card.repository)}
              {...{ onOpenFile }}
            />
            {isOpen && file.diff !== undefined && <PatchText diff={file.diff} path={file.path} />}
          </li>
        ))}
      </ul>
      {hasDiffs && (
        <button type="button" class="quiet more" aria-expanded={isOpen} onClick={() => reader.toggle(rowKey)}>
          {isOpen ? "Hide changes" : `Show changes (${lines} lines)`}
        </button>
      )}
    </>
  );
}

function FileLine({
  file: { kind, diff },
  path,
  onOpenFile,
}: {
  file: PatchFile;
  path: string;
  onOpenFile: ((path: string) => void) | undefined;
}) {
  const [added, removed] = diff === undefined ? [0, 0] : [countSign(diff, "+"), countSign(diff, "-")];
  return (
    <div class="patch-file">
      <span class="weak">{KINDS.get(kind) ?? <VisibleText text={kind} />}</span>
      {onOpenFile === undefined ? (
        <code>
          <VisibleText text={path} />
        </code>
      ) : (
        <button type="button" class="link" title="Show in the diff" onClick={() => onOpenFile(path)}>
          <code>
            <VisibleText text={path} />
          </code>
        </button>
      )}
      {diff !== undefined && (
        <span class="counts">
          <span class="added">+{added}</span> <span class="removed">−{removed}</span>
        </span>
      )}
    </div>
  );
}

function PatchText({ diff, path }: { diff: string; path: string }) {
  const lines = diff.replace(/\n$/, "").split("\n");
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls
    <pre class="output patch-text" dir="ltr" tabIndex={0} role="region" aria-label={makeVisible(`Changes of ${path}`)}>
      {lines.slice(0, MAX_LINES).map((line, index) => (
        <span key={index} class={classOf(line)}>
          {makeVisible(line.slice(0, MAX_LINE).toWellFormed(), true)}
          {"\n"}
        </span>
      ))}
      {lines.length > MAX_LINES && `… ${lines.length - MAX_LINES} more lines`}
    </pre>
  );
}

function classOf(line: string): string {
  if (line.startsWith("+")) return "added";
  if (line.startsWith("-")) return "removed";
  return line.startsWith("@@") ? "hunk" : "";
}

function countSign(diff: string, sign: string): number {
  return diff.split("\n").filter((line) => line.startsWith(sign)).length;
}

function countLines(diff: string): number {
  return diff.replace(/\n$/, "").split("\n").length;
}

/** Returns a path within a folder relative to it. */
function relative(path: string, folder: string): string {
  return path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : path;
}
