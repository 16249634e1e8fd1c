import type { ComponentChildren } from "preact";
import type { LogEntry, LogEntryKind } from "#board/api/conversation.ts";
import { formatLocalTime, formatTimeOfDay } from "#base/format-values.ts";
import { CopyButton } from "#board/page/parts/copy-button.tsx";
import { Markdown } from "#board/page/parts/markdown/markdown.tsx";
import { takeBeginning } from "#board/page/parts/markdown/split-markdown.ts";
import { Hidden, VisibleBlock, VisibleText } from "#board/page/parts/visible-text.tsx";
import { CheckEntry, CommandEntry } from "./command-entry.tsx";
import { PatchEntry } from "./patch-entry.tsx";
import type { EntryContext } from "#board/page/conversation/reader.ts";
import type { ConversationRow } from "#board/page/conversation/rows.ts";

/** Marks and names of the kinds of entries. */
const KINDS: Record<LogEntryKind, { mark: string; name: string }> = {
  prompt: { mark: "›", name: "Prompt" },
  message: { mark: "●", name: "Message" },
  thought: { mark: "○", name: "Thought" },
  plan: { mark: "☰", name: "Plan" },
  command: { mark: "$", name: "Command" },
  patch: { mark: "±", name: "Patch" },
  tool: { mark: "⚙", name: "Tool" },
  search: { mark: "⌕", name: "Web search" },
  sent: { mark: "›", name: "Message to Codex" },
  question: { mark: "?", name: "Question" },
  answer: { mark: "↳", name: "Answer" },
  check: { mark: "✓", name: "Check" },
  quota: { mark: "◷", name: "Quota" },
  turn: { mark: "–", name: "Turn" },
  goal: { mark: "◎", name: "Goal" },
  error: { mark: "!", name: "Error" },
  unread: { mark: "·", name: "Unknown event" },
};

/** Texts longer than this are folded, in characters and lines. */
const FOLD = { characters: 4000, lines: 60 };

/** Shows an entry of the conversation. */
export function EntryView({ row, ...context }: EntryContext & { row: ConversationRow }) {
  const { entry, key, day } = row;
  const { name } = KINDS[entry.kind];
  const time = entry.time === undefined ? undefined : new Date(entry.time);
  const isCurrent = context.reader.current.value === key;
  return (
    <div
      role="listitem"
      class={`entry ${entry.kind} ${toneOf(entry)}`}
      data-key={key}
      tabIndex={-1}
      aria-current={isCurrent ? "true" : undefined}
      onFocus={() => (context.reader.current.value = key)}
    >
      {day !== undefined && <h3 class="day">{day}</h3>}
      <span class="mark" aria-hidden="true">
        {markOf(entry)}
      </span>
      <div class="entry-body">
        <Hidden>
          {name}
          {time !== undefined && `, ${formatTimeOfDay(time)}`}
        </Hidden>
        <Content row={row} {...context} />
      </div>
      {time !== undefined && (
        <time dateTime={entry.time} title={formatLocalTime(time)} aria-hidden="true">
          {formatTimeOfDay(time).slice(0, 5)}
        </time>
      )}
    </div>
  );
}

/** Returns the mark of an entry: that of a check says how it ended. */
function markOf({ kind, check }: LogEntry): string {
  return check?.passed === false ? "✗" : KINDS[kind].mark;
}

/** Returns whether an entry is a warning or a failure. */
function toneOf({ kind, status }: LogEntry): string {
  if (kind === "error") return status === "warning" ? "is-warning" : "is-failure";
  return kind === "turn" && status === "failed" ? "is-failure" : "";
}

function Content({ row, ...context }: EntryContext & { row: ConversationRow }) {
  const { entry, key } = row;
  switch (entry.kind) {
    case "plan":
      return <Plan steps={entry.steps ?? []} />;
    case "command":
      return <CommandEntry entry={entry} rowKey={key} reader={context.reader} />;
    case "check":
      return <CheckEntry entry={entry} rowKey={key} reader={context.reader} />;
    case "patch":
      return <PatchEntry entry={entry} rowKey={key} {...context} />;
    case "tool":
    case "unread":
      return (
        <Named entry={entry}>
          <button type="button" class="quiet more" onClick={() => show(entry, context)}>
            Details
          </button>
        </Named>
      );
    case "search":
    case "goal":
    case "answer":
      return <Named entry={entry} />;
    default:
      return (
        <>
          <Caption entry={entry} {...context} />
          <FoldedText row={row} {...context} />
        </>
      );
  }
}

function show({ at, kind }: LogEntry, { reader }: Pick<EntryContext, "reader">): void {
  reader.shownOutput.value = { at, title: KINDS[kind].name };
}

function Named({
  entry: { kind, text = "", status, by },
  children,
}: {
  entry: LogEntry;
  children?: ComponentChildren;
}) {
  return (
    <p class="named">
      <span class="weak">{KINDS[kind].name}</span>
      <span class="name">
        <VisibleText text={text} />
        {by !== undefined && (
          <span class="weak">
            {" by "}
            <VisibleText text={by} />
          </span>
        )}
      </span>
      {status === "in_progress" && <span class="badge running">running</span>}
      {status === "failed" && <span class="badge bad">failed</span>}
      {children}
    </p>
  );
}

/** Says whose text it is, and how it reached Codex. */
function Caption({ entry: { kind, item }, task }: EntryContext & { entry: LogEntry }) {
  if (kind === "question") return <p class="caption">Codex asks</p>;
  if (kind === "prompt") return <p class="caption">Prompt</p>;
  if (kind !== "sent") return null;
  const message = task.messages.find(({ id }) => id === item);
  const parts = ["Sent to Codex"];
  if (message?.delivery !== undefined) parts.push(message.delivery);
  if (message?.state === "waiting") parts.push("not read yet");
  if (message?.state === "undelivered") parts.push("not delivered", message.why ?? "");
  return (
    <p class="caption">
      <VisibleText text={parts.filter(Boolean).join(" · ")} />
    </p>
  );
}

/** Kinds whose texts are Markdown, and kinds whose texts can be copied. */
const MARKDOWN: ReadonlySet<LogEntryKind> = new Set(["message", "thought"]);
const COPIED: ReadonlySet<LogEntryKind> = new Set(["message", "prompt", "sent", "question"]);

/** Shows a text, of a long one the beginning at first. */
function FoldedText({ row: { entry, key }, reader }: EntryContext & { row: ConversationRow }) {
  const { kind, is_cut: isCut, status = "ended" } = entry;
  const text = entry.text || (kind === "turn" ? `Turn ${status}` : "");
  const start = takeBeginning(text, FOLD.characters, FOLD.lines);
  const isLong = start.length < text.length;
  const isOpen = isLong && reader.isOpen(key);
  const shown = isOpen ? text : start;
  const { name } = KINDS[kind];
  return (
    <>
      {MARKDOWN.has(kind) ? <Markdown text={shown} /> : <VisibleBlock text={shown} class="words" />}
      <div class="text-tools">
        {isLong && (
          <button type="button" class="quiet more" aria-expanded={isOpen} onClick={() => reader.toggle(key)}>
            {isOpen ? "Show less" : "Show all"}
          </button>
        )}
        {isCut === true && isOpen === isLong && (
          <button type="button" class="quiet more" onClick={() => show(entry, { reader })}>
            Whole text
          </button>
        )}
        {COPIED.has(kind) && <CopyButton text={() => text} name={name.toLowerCase()} />}
      </div>
    </>
  );
}

function Plan({ steps }: { steps: readonly { text: string; is_done: boolean }[] }) {
  const done = steps.filter((step) => step.is_done).length;
  return (
    <>
      <p class="caption">
        Plan, {done} of {steps.length} done
      </p>
      <ul class="plan-steps">
        {steps.map(({ text, is_done: isDone }, index) => (
          <li key={index} class={isDone ? "done" : ""}>
            <span aria-hidden="true">{isDone ? "☑" : "☐"}</span>
            <span>
              <Hidden>{isDone ? "Done: " : "To do: "}</Hidden>
              <VisibleText text={text} />
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
