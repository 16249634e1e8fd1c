import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { TaskPageData } from "#board/api/task.ts";
import { ConversationPane } from "#board/page/conversation/conversation-pane.tsx";
import { DiffPane } from "#board/page/diff/diff-pane.tsx";
import { makeVisible } from "#base/visible-text.ts";
import { useMedia } from "#board/page/layout/use-media.ts";
import { useTitle } from "#board/page/layout/use-title.ts";
import type { PageSource } from "#board/page/source/page-source.ts";
import type { RequestError } from "#board/page/source/request-error.ts";
import { cards, isLive as isBoardLive } from "#board/page/state/board-state.ts";
import { markSeen } from "#board/page/state/seen.ts";
import { AuditPane } from "./panes/audit-pane.tsx";
import { Composer } from "./actions/composer.tsx";
import { hasEnded } from "#board/api/card.ts";
import { FailureText } from "#board/page/parts/failure-text.tsx";
import { QuestionCard } from "./questions/question-card.tsx";
import { Divider, useSplit } from "./split.tsx";
import { TaskButtons } from "./actions/task-buttons.tsx";
import { TaskDialogs } from "./actions/task-dialogs.tsx";
import { TaskHead } from "./task-head.tsx";
import { CheckPane, FactsPane, ResultPane, ReviewPane } from "./panes/task-panes.tsx";
import { listTabs, type TaskTab, TaskTabs, useTab } from "./task-tabs.tsx";
import { type TaskControl, useTaskControl } from "./actions/use-task-control.ts";
import { useTask } from "./use-task.ts";
import "./task.css";

/** Shows a task: its conversation, what it changed, and the actions on it. */
export function TaskView({ id, source, firstTab }: { id: string; source: PageSource; firstTab?: TaskTab }) {
  const { task, failure, refresh } = useTask(source, id);
  if (task !== undefined) {
    return <TaskPage key={task.card.id} {...{ task, failure, source, refresh, firstTab }} />;
  }
  if (failure === undefined) return <p class="task-missing weak">Reading the task…</p>;
  return (
    <div class="task-missing">
      <h1>The task cannot be shown</h1>
      <FailureText failure={failure} />
    </div>
  );
}

/** Properties of the page of a task that was read. */
interface TaskPageProps {
  task: TaskPageData;
  /** Reason why it cannot be read any more. */
  failure: RequestError | undefined;
  source: PageSource;
  refresh: () => Promise<void>;
  /** Part that is shown at first, if it is not the first of them. */
  firstTab: TaskTab | undefined;
}

/** Width below which the parts of the page are not beside each other. */
const NARROW = "(max-width: 899px)";

function TaskPage({ task, failure, source, refresh, firstTab }: TaskPageProps) {
  const isBoard = source.kind === "board";
  // A task in a file is as it was then.
  const isLive = isBoard ? isBoardLive.value : source.kind === "chat";
  const card = (isBoard ? cards.value.get(task.card.id) : undefined) ?? task.card;
  const tabs = listTabs(task, useMedia(NARROW));
  const [tab, showTab] = useTab(tabs, isBoard, firstTab);
  const [width, setWidth] = useSplit();
  const openFile = useSignal<string | undefined>(undefined);
  const onNextTab = () => showTab(tabs[(tabs.indexOf(tab) + 1) % tabs.length] ?? tab);
  const onSwitchSide = () => switchSide(tabs, showTab);
  const control = useTaskControl({ task, source, isLive, refresh, onNextTab, onSwitchSide });
  useTitle(makeVisible(card.title));
  useEffect(() => {
    if (isBoard) markSeen(task.card);
  }, [isBoard, task.card.id, task.card.run, task.card.status]);
  const showFile = (path: string) => {
    openFile.value = path;
    showTab("changes");
  };
  const onOpenFile = task.worktree === undefined ? undefined : showFile;
  const isBeside = !tabs.includes("conversation");
  return (
    <article class="task" aria-label={card.id}>
      <header>
        <TaskHead card={card} task={task} isLive={isLive} isBoard={isBoard} />
        <TaskButtons task={task} control={control} isBoard={isBoard} />
        {failure !== undefined && isLive && <FailureText failure={failure} />}
      </header>
      <div class="task-panes" style={{ "--split": `${width}%` }}>
        <TaskTabs tabs={tabs} tab={tab} onShow={showTab} />
        <section
          class="conversation-side"
          hidden={!isBeside && tab !== "conversation"}
          {...(isBeside
            ? { "aria-label": "Conversation" }
            : { role: "tabpanel", id: "panel-conversation", "aria-labelledby": "tab-conversation" })}
        >
          <ConversationPane source={source} task={task} onOpenFile={onOpenFile} />
        </section>
        {isBeside && <Divider width={width} onChange={setWidth} />}
        <Panels {...{ task, source, tab, openFile, onOpenFile, control }} />
        <Questions task={task} control={control} />
        {control.actions !== undefined && (
          <Composer
            task={task}
            isLive={isLive}
            text={control.text}
            onText={control.setText}
            onSend={control.send}
            field={control.field}
          />
        )}
      </div>
      <TaskDialogs task={task} control={control} />
    </article>
  );
}

/** Moves the focus to the conversation or, if it is there, to the part beside it. */
function switchSide(tabs: readonly TaskTab[], showTab: (tab: TaskTab) => void): void {
  const { activeElement } = document;
  const isLeaving = activeElement !== null && activeElement.closest(".conversation-side") !== null;
  const next = isLeaving ? tabs.find((each) => each !== "conversation") : "conversation";
  if (next === undefined || !tabs.includes("conversation")) {
    focusSide(isLeaving);
    return;
  }
  // It is not beside the conversation, but a tab.
  showTab(next);
  requestAnimationFrame(() => focusSide(isLeaving));
}

/** Focuses the list of the conversation, or that of the changes; the tab of another part. */
function focusSide(isBeside: boolean): void {
  const list = isBeside ? ".side:not([hidden]) .diff-rows .virtual-list" : ".conversation-side .virtual-list";
  const tab = '.tabs [aria-selected="true"]';
  (document.querySelector<HTMLElement>(list) ?? document.querySelector<HTMLElement>(tab))?.focus();
}

/** Properties of the part beside the conversation. */
interface PanelsProps {
  task: TaskPageData;
  source: PageSource;
  tab: TaskTab;
  openFile: Signal<string | undefined>;
  onOpenFile: ((path: string) => void) | undefined;
  control: TaskControl;
}

function Panels({ task, source, tab, openFile, onOpenFile, control }: PanelsProps) {
  const hasSeenChanges = useRef(false);
  if (tab === "changes") hasSeenChanges.current = true;
  const { review, check, audit } = task;
  const takesMessage = control.can(hasEnded(task.card) ? "resume" : "send");
  const [when = "now"] = task.message_times ?? [];
  const { comment } = source;
  const pass = comment && (async (message: string) => comment(task.card.id, message));
  const onSend = takesMessage ? async (message: string) => control.send({ message, when }) : pass;
  return (
    <>
      {hasSeenChanges.current && (
        // It stays, so that its place and folds do.
        <TabPanel tab="changes" isHidden={tab !== "changes"}>
          <DiffPane source={source} task={task} openFile={openFile} onSend={onSend} />
        </TabPanel>
      )}
      {tab !== "changes" && tab !== "conversation" && (
        <TabPanel tab={tab} isHidden={false}>
          {tab === "result" && <ResultPane task={task} />}
          {tab === "review" && review !== undefined && <ReviewPane review={review} onOpenFile={onOpenFile} />}
          {tab === "check" && check !== undefined && <CheckPane check={check} />}
          {tab === "audit" && audit !== undefined && <AuditPane audit={audit} />}
          {tab === "facts" && <FactsPane task={task} />}
        </TabPanel>
      )}
    </>
  );
}

function TabPanel({
  tab,
  isHidden,
  children,
}: {
  tab: TaskTab;
  isHidden: boolean;
  children: preact.ComponentChildren;
}) {
  return (
    <section class="side" role="tabpanel" id={`panel-${tab}`} aria-labelledby={`tab-${tab}`} hidden={isHidden}>
      {children}
    </section>
  );
}

/** Shows what the task asks. */
function Questions({ task, control }: { task: TaskPageData; control: TaskControl }) {
  if (task.questions.length === 0) return null;
  return (
    <div class="questions" role="region" aria-label="Questions">
      {task.questions.map((question) => (
        <QuestionCard
          key={question.id}
          question={question}
          isLive={control.isLive}
          onAnswer={control.actions === undefined ? undefined : control.answer}
        />
      ))}
    </div>
  );
}
