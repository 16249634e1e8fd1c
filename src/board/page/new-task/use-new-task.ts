import { useEffect, useRef, useState } from "preact/hooks";
import { useLocation, useSearch } from "wouter-preact";
import type { NewTaskChoices, StartedTasks } from "#board/api/actions.ts";
import { groupAddress, taskAddress } from "#board/page/address/addresses.ts";
import { notify, notifyFailure } from "#board/page/parts/notices.tsx";
import { RequestError, toRequestError } from "#board/page/source/request-error.ts";
import { act, readJson } from "#board/page/source/requests.ts";
import {
  type DraftFault,
  fieldOf,
  findFault,
  forgetPrompt,
  keepDraft,
  readDraft,
  type TaskDraft,
  toNewTask,
} from "./draft.ts";

/** Form for a new task. */
export interface NewTaskForm {
  draft: TaskDraft;
  change: (part: Partial<TaskDraft>) => void;
  /** Values that it offers; undefined while they are read. */
  choices: NewTaskChoices | undefined;
  fault: DraftFault | undefined;
  isSending: boolean;
  start: () => Promise<void>;
}

/** Values with which the form works if those of the server cannot be read. */
const NO_CHOICES: NewTaskChoices = { repositories: [], models: [], max_tries: 10 };

/** Keeps what is typed into the form, and starts the tasks. */
export function useNewTask(): NewTaskForm {
  const query = useSearch();
  const [, navigate] = useLocation();
  const [draft, setDraft] = useState(() => readDraft(query));
  const [choices, setChoices] = useState<NewTaskChoices | undefined>(undefined);
  const [fault, setFault] = useState<DraftFault | undefined>(undefined);
  const [isSending, setSending] = useState(false);
  // A second press before the form is drawn again must not start the tasks twice.
  const isStarting = useRef(false);
  const change = (part: Partial<TaskDraft>) => {
    const next = { ...draft, ...part };
    keepDraft(next);
    setDraft(next);
    if (fault?.field === undefined || fault.field in part) setFault(undefined);
  };
  useEffect(() => {
    void readChoices().then((read) => {
      setChoices(read);
      const [newest] = read.repositories;
      setDraft((typed) => (typed.repository === "" ? { ...typed, repository: newest?.path ?? "" } : typed));
    });
  }, []);
  const start = async () => {
    if (isStarting.current) return;
    const found = findFault(draft, (choices ?? NO_CHOICES).max_tries);
    setFault(found);
    if (found !== undefined) return;
    isStarting.current = true;
    setSending(true);
    try {
      const started = await act<StartedTasks>("/api/tasks", toNewTask(draft));
      forgetPrompt(draft);
      for (const failure of started.not_started) notifyFailure(new RequestError(failure));
      navigate(addressOf(started));
    } catch (error) {
      setFault(toFault(error));
    } finally {
      isStarting.current = false;
      setSending(false);
    }
  };
  return { draft, change, choices, fault, isSending, start };
}

async function readChoices(): Promise<NewTaskChoices> {
  try {
    return await readJson<NewTaskChoices>("/api/new-task");
  } catch {
    notify("failed", "The known repositories cannot be read. Enter the path of a folder.");
    return NO_CHOICES;
  }
}

/** Returns the address that shows tasks which were started: the task itself, or the board with the tries. */
function addressOf({ ids, group }: StartedTasks): string {
  const [id] = ids;
  if (group !== undefined) return groupAddress(group);
  return id === undefined ? "/" : taskAddress(id);
}

function toFault(error: unknown): DraftFault {
  const { code, message, hint } = toRequestError(error);
  return { field: fieldOf(code), message: `${message} ${hint}`.trimEnd() };
}
