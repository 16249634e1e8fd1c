import { taskAddress } from "#board/page/address/addresses.ts";
import type { RefObject } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useLocation } from "wouter-preact";
import type { AnswerBody, MergeResult, SendBody } from "#board/api/actions.ts";
import type { PageAction, TaskPageData } from "#board/api/task.ts";
import { type KeyBinding, useKeys } from "#board/page/parts/keys.tsx";
import { notify, notifyFailure } from "#board/page/parts/notices.tsx";
import type { PageSource, TaskActions } from "#board/page/source/page-source.ts";
import { hasEnded } from "#board/api/card.ts";
import { REFUSALS } from "#board/page/task/describe-task.ts";
import { useDraft } from "./draft.ts";
import { changeAddressQuery, readAddressQuery } from "#board/page/address/address-query.ts";

/** Dialogs of a task's page, which are named after their actions. */
const DIALOGS = ["merge", "discard", "cancel"] as const;

/** One of {@link DIALOGS}. */
type TaskDialog = (typeof DIALOGS)[number];

/** Actions of a task's page, and what they have left open. */
export interface TaskControl {
  /** Undefined if nothing can be done here. */
  actions: TaskActions | undefined;
  isLive: boolean;
  /** Whether an action of a button is being carried out. */
  isBusy: boolean;
  dialog: TaskDialog | undefined;
  closeDialog: () => void;
  /** Message that is being written, and its field. */
  text: string;
  setText: (text: string) => void;
  field: RefObject<HTMLTextAreaElement | null>;
  /** Returns whether the task allows an action. */
  can: (action: PageAction) => boolean;
  /** Does an action, or opens its dialog; says why if that is not possible. */
  begin: (action: PageAction) => void;
  /** Begins a message. */
  write: (text: string) => void;
  send: (body: SendBody) => Promise<void>;
  answer: (body: AnswerBody) => Promise<void>;
  cancel: () => Promise<void>;
  discard: (options: { skipsLarge: boolean }) => Promise<void>;
  takeMerge: (result: MergeResult) => void;
}

/** Properties of the control. */
interface ControlProps {
  task: TaskPageData;
  source: PageSource;
  isLive: boolean;
  refresh: () => Promise<void>;
  /** Shows the next tab. */
  onNextTab: () => void;
  /** Moves the focus to the conversation or, if it is there, to the part beside it. */
  onSwitchSide: () => void;
}

/** Returns the actions of a task's page, and gives the page its keys. */
export function useTaskControl(props: ControlProps): TaskControl {
  const { task, source, isLive, refresh } = props;
  const { id } = task.card;
  const { actions } = source;
  const [, navigate] = useLocation();
  const [dialog, setDialog] = useState<TaskDialog>();
  const [isBusy, act] = useButtonAction(refresh);
  const [text, setText] = useDraft(id);
  const field = useRef<HTMLTextAreaElement>(null);
  const can = (action: PageAction) => actions !== undefined && task.actions.includes(action);
  const close = () => setDialog(undefined);
  const restore = () => void (actions !== undefined && act(async () => actions.restore(id)));
  const control: TaskControl = {
    actions,
    isLive,
    isBusy,
    dialog,
    text,
    setText,
    field,
    can,
    closeDialog: close,
    begin: (action) => {
      if (actions === undefined) return;
      const isOpenedBy = DIALOGS.find((each) => each === action);
      if (!isLive) notify("failed", "The board is not connected: nothing can be done now.");
      else if (!can(action)) notify("failed", REFUSALS[action]);
      else if (isOpenedBy !== undefined) setDialog(isOpenedBy);
      else if (action === "restore") restore();
      else if (action === "open") void act(async () => actions.openInEditor(id));
      else if (action === "answer") focusQuestion();
      else field.current?.focus();
    },
    write: (message) => {
      close();
      setText(text.trim() === "" ? message : `${text.trimEnd()}\n\n${message}`);
      // The dialog gives the focus back first.
      setTimeout(() => field.current?.focus(), 0);
    },
    ...toSteps({
      actions,
      id,
      close,
      restore,
      askToDiscard: can("discard") ? () => setDialog("discard") : undefined,
      refresh,
      open: (other) => navigate(taskAddress(other)),
    }),
  };
  useTaskKeys(control, props, () => navigate("/"));
  useAskedDialog(control, source.kind === "board");
  return control;
}

/** Focuses the first field or button that answers a question. */
function focusQuestion(): void {
  const controls = document.querySelectorAll<HTMLInputElement | HTMLButtonElement>(".question input, .question button");
  const first = [...controls].find(({ disabled }) => !disabled);
  first?.focus();
}

type Act = (run: () => Promise<{ message: string }>) => Promise<void>;

/** Returns whether an action of a button is being carried out, and a function that does one and says its outcome. */
function useButtonAction(refresh: () => Promise<void>): [isBusy: boolean, act: Act] {
  const [isBusy, setBusy] = useState(false);
  return [
    isBusy,
    async (run) => {
      setBusy(true);
      try {
        notify("done", (await run()).message);
      } catch (error) {
        notifyFailure(error);
      } finally {
        setBusy(false);
        void refresh();
      }
    },
  ];
}

/** Means of the steps below. */
interface StepMeans {
  actions: TaskActions | undefined;
  id: string;
  close: () => void;
  restore: () => void;
  askToDiscard: (() => void) | undefined;
  refresh: () => Promise<void>;
  /** Shows another task. */
  open: (id: string) => void;
}

type TaskSteps = Pick<TaskControl, "send" | "answer" | "cancel" | "discard" | "takeMerge">;

/** Returns the actions whose failures are shown where they were begun. */
function toSteps({ actions, id, close, restore, askToDiscard, refresh, open }: StepMeans): TaskSteps {
  return {
    send: async (body) => {
      const sent = await actions?.send(id, body);
      if (sent !== undefined && sent.id !== id) open(sent.id);
      else void refresh();
    },
    answer: async (body) => {
      const done = await actions?.answer(id, body);
      if (done !== undefined) notify("done", done.message);
      await refresh();
    },
    cancel: async () => {
      const done = await actions?.cancel(id);
      close();
      if (done !== undefined) notify("done", done.message);
      await refresh();
    },
    discard: async ({ skipsLarge }) => {
      const done = await actions?.discard(id, skipsLarge ? { skip_large_ignored: true } : {});
      close();
      if (done !== undefined) notify("done", done.message, { name: "Undo", run: restore });
      await refresh();
    },
    takeMerge: ({ into, diff_stat, discarded, failed }) => {
      close();
      const others = discarded.length === 0 ? "" : ` Discarded ${discarded.join(", ")}.`;
      const next = askToDiscard === undefined ? undefined : { name: "Discard its worktree…", run: askToDiscard };
      notify("done", `Merged into ${into}${diff_stat === "" ? "" : `: ${diff_stat}`}.${others}`, next);
      for (const { id: other, failure } of failed) {
        notify("failed", `${other} was not discarded: ${failure.message} ${failure.hint}`);
      }
      void refresh();
    },
  };
}

/** Opens the dialog that the address asks for, once, as soon as something can be done. */
function useAskedDialog({ begin, actions, isLive }: TaskControl, isBoard: boolean): void {
  const isReady = isBoard && isLive && actions !== undefined;
  useEffect(() => {
    const asked = DIALOGS.find((each) => each === readAddressQuery().get("do"));
    if (!isReady || asked === undefined) return;
    changeAddressQuery("do", undefined);
    begin(asked);
  }, [isReady]);
}

function useTaskKeys(control: TaskControl, props: ControlProps, toBoard: () => void): void {
  const { source } = props;
  const latest = useRef({ ...props, control, toBoard });
  latest.current = { ...props, control, toBoard };
  const hasActions = control.actions !== undefined;
  const isBoard = source.kind === "board";
  const keys = useMemo(() => {
    const begin = (action: PageAction) => () => latest.current.control.begin(action);
    const reply = () => latest.current.control.begin(hasEnded(latest.current.task.card) ? "resume" : "send");
    const acting: KeyBinding[] = [
      { key: "m", does: "Merge", run: begin("merge") },
      { key: "d", does: "Discard", run: begin("discard") },
      { key: "u", does: "Undo the discard", run: begin("restore") },
      { key: "x", does: "Cancel", run: begin("cancel") },
      { key: "a", does: "Answer the question", run: begin("answer") },
      { key: "r", does: "Write a message", run: reply },
      { key: "w", does: "Open the worktree in an editor", run: begin("open") },
    ];
    return [
      ...(hasActions ? acting : []),
      { key: "t", does: "Next tab", run: () => latest.current.onNextTab() },
      { key: "v", does: "To the conversation, or back from it", run: () => latest.current.onSwitchSide() },
      ...(isBoard ? [{ key: "Escape", does: "Back to the board", run: () => latest.current.toBoard() }] : []),
    ];
  }, [hasActions, isBoard]);
  useKeys("Task", keys);
}
