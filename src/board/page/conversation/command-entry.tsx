import type { LogEntry } from "#board/api/conversation.ts";
import { formatBytes, formatDuration } from "#base/format-values.ts";
import { shorten } from "#base/text.ts";
import { CopyButton } from "#board/page/parts/copy-button.tsx";
import { VisibleBlock, VisibleText } from "#board/page/parts/visible-text.tsx";
import type { ConversationReader } from "./reader.ts";
import { withoutColours } from "./terminal-text.ts";

/** Properties of an entry that opens. */
interface FoldedProps {
  entry: LogEntry;
  rowKey: number;
  reader: ConversationReader;
}

/** Longest command in the line that stands for it, in characters. */
const MAX_LINE = 300;

/** Shows a command as one line that opens: with its exit code and the time that it took. */
export function CommandEntry({ entry, rowKey, reader }: FoldedProps) {
  const { command, status, is_cut: isCut } = entry;
  if (command === undefined) return null;
  const isOpen = reader.isOpen(rowKey);
  const { command: text, output, output_bytes: bytes, seconds } = command;
  const isLong = text.includes("\n") || text.length > 100;
  return (
    <>
      <button type="button" class="fold-line" aria-expanded={isOpen} onClick={() => reader.toggle(rowKey)}>
        <code class="command-line">
          <VisibleText text={shorten(text.trim(), MAX_LINE)} />
        </code>
        <span class="command-outcome">
          <Outcome code={command.exit_code} status={status} />
          {seconds !== undefined && seconds >= 1 && <span class="weak">{formatDuration(seconds)}</span>}
        </span>
      </button>
      {isOpen && (
        <div class="opened">
          <div class="tools">
            <CopyButton text={() => text} name="command" label="Copy command" />
            {output !== "" && <CopyButton text={() => withoutColours(output)} name="output" label="Copy output" />}
          </div>
          {isLong && <OutputBlock text={text} label="Command" />}
          <Output output={output} status={status} />
          {isCut === true && (
            <button
              type="button"
              onClick={() => (reader.shownOutput.value = { at: entry.at, title: shorten(text, 80) })}
            >
              Full output ({formatBytes(bytes)})
            </button>
          )}
        </div>
      )}
    </>
  );
}

function Output({ output, status }: { output: string; status: string | undefined }) {
  if (output !== "") return <OutputBlock text={output} label="Output" />;
  return <p class="weak">{status === "in_progress" ? "No output yet." : "No output."}</p>;
}

/** Shows a text of a program in a part that scrolls, also by keyboard. */
function OutputBlock({ text, label }: { text: string; label: string }) {
  return (
    <div class="output" role="group" aria-label={label} tabIndex={0}>
      <VisibleBlock text={withoutColours(text)} />
    </div>
  );
}

function Outcome({ code, status }: { code: number | undefined; status: string | undefined }) {
  if (status === "in_progress") return <span class="badge running">running</span>;
  if (status === "declined") return <span class="badge bad">declined</span>;
  if (code === 0) return <span class="badge good">exit 0</span>;
  return (
    <span class="badge bad">{code === undefined ? <VisibleText text={status ?? "failed"} /> : `exit ${code}`}</span>
  );
}

/** Shows a check of the work as one line that opens. */
export function CheckEntry({ entry, rowKey, reader }: FoldedProps) {
  const { check, text = "" } = entry;
  if (check === undefined) return null;
  const isOpen = reader.isOpen(rowKey);
  const { passed, attempt, seconds } = check;
  return (
    <>
      <button type="button" class="fold-line" aria-expanded={isOpen} onClick={() => reader.toggle(rowKey)}>
        <span class="command-line">
          {attempt > 1 ? `Check, attempt ${attempt}: ` : "Check: "}
          <code>
            <VisibleText text={shorten(check.command, MAX_LINE)} />
          </code>
        </span>
        <span class="command-outcome">
          {passed === undefined ? (
            <span class="badge running">running</span>
          ) : (
            <span class={`badge ${passed ? "good" : "bad"}`}>{passed ? "passed" : "failed"}</span>
          )}
          {seconds !== undefined && seconds >= 1 && <span class="weak">{formatDuration(seconds)}</span>}
        </span>
      </button>
      {isOpen && (
        <div class="opened">
          {text === "" ? <p class="weak">No output.</p> : <OutputBlock text={text} label="Output" />}
        </div>
      )}
    </>
  );
}
