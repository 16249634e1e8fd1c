import type { RefObject } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { TaskPageData } from "#board/api/task.ts";
import { useKeys } from "#board/page/parts/keys.tsx";
import { FailureText } from "#board/page/parts/failure-text.tsx";
import type { PageSource } from "#board/page/source/page-source.ts";
import { ConversationList } from "./conversation-list.tsx";
import { ConversationLog } from "./conversation-log.ts";
import { ListControl } from "./list-control.ts";
import { OutputDialog } from "./entries/output-dialog.tsx";
import { ConversationReader } from "./reader.ts";
import { SearchBar } from "./search-bar.tsx";
import "./conversation.css";
import "./entries/entries.css";

/** Properties of the conversation of a task. */
export interface ConversationProps {
  source: PageSource;
  task: TaskPageData;
  /** Shows a file in the diff; undefined if there is none. */
  onOpenFile: ((path: string) => void) | undefined;
}

/** Shows the conversation of a task: of its current run, or of an earlier one. */
export function ConversationPane(props: ConversationProps) {
  const { id, run: current } = props.task.card;
  const [chosen, setChosen] = useState<number>();
  const run = chosen ?? current;
  const pane = useRef<HTMLDivElement>(null);
  const choose = (next: number) => setChosen(next === current ? undefined : next);
  return (
    <div ref={pane} class="conversation">
      <RunConversation key={`${id} ${run}`} {...props} run={run} onRun={choose} pane={pane} />
    </div>
  );
}

interface RunProps extends ConversationProps {
  run: number;
  onRun: (run: number) => void;
  pane: RefObject<HTMLElement | null>;
}

function RunConversation({ source, task, onOpenFile, run, onRun, pane }: RunProps) {
  const { id } = task.card;
  const control = useMemo(
    () => new ListControl(new ConversationReader(new ConversationLog(source, id, run))),
    [source, id, run],
  );
  const { reader } = control;
  const { log } = reader;
  const failure = log.failure.value;
  useEffect(() => {
    void log.openEnd();
    return source.follow(id, () => {
      if (!log.isReady.value) void log.openEnd();
      else if (log.hasEnd.value) void log.loadLater();
    });
  }, [log, source, id]);
  useKeys(
    "Conversation",
    useMemo(
      () => [
        { key: "j", does: "Next entry", run: () => control.step(1) },
        { key: "k", does: "Entry before", run: () => control.step(-1) },
        { key: "o", does: "Open or close the entry", run: () => control.toggleCurrent() },
        { key: "e", does: "End of the conversation", run: () => void control.goToEnd() },
      ],
      [control],
    ),
    pane,
  );
  return (
    <>
      <div class="conversation-bar">
        <RunChoice task={task} run={run} onRun={onRun} />
        <SearchBar reader={reader} onHit={(hit) => void control.goToHit(hit)} />
      </div>
      {failure !== undefined && <FailureText failure={failure} onRetry={() => void log.openEnd()} />}
      {log.isReady.value && <ConversationList control={control} task={task} onOpenFile={onOpenFile} />}
      {!log.isReady.value && failure === undefined && (
        <p class="weak conversation-note" role="status">
          Loading…
        </p>
      )}
      <OutputDialog reader={reader} />
    </>
  );
}

function RunChoice({ task, run, onRun }: { task: TaskPageData; run: number; onRun: (run: number) => void }) {
  if (task.runs.length < 2) return null;
  return (
    <select aria-label="Run" value={run} onChange={(event) => onRun(Number(event.currentTarget.value))}>
      {task.runs.map((each) => (
        <option key={each.run} value={each.run} disabled={!each.has_log && each.run !== task.card.run}>
          {`Run ${each.run}${each.run === task.card.run ? "" : ` (${each.status})`}`}
        </option>
      ))}
    </select>
  );
}
