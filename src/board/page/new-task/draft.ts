import { keepStored, readStored } from "#board/page/state/stored.ts";
import type { NewTask } from "#board/api/actions.ts";
import type { Sandbox } from "#domain/record.ts";

/** Contents of the form for a new task, as they are typed. */
export interface TaskDraft {
  repository: string;
  prompt: string;
  sandbox: Sandbox;
  base: string;
  tries: string;
  model: string;
  reasoning_effort: string;
  topic: string;
  check: string;
  /** Whether Codex asks before it does what its sandbox does not allow. */
  asks: boolean;
}

/** Form in which nothing is typed yet. */
export const EMPTY_DRAFT: TaskDraft = {
  repository: "",
  prompt: "",
  sandbox: "read-only",
  base: "",
  tries: "1",
  model: "",
  reasoning_effort: "",
  topic: "",
  check: "",
  asks: false,
};

/** Name under which the window keeps what was typed. */
const STORED_AS = "new-task";

/** Returns what was typed in this window before. @param query query of the address, which may name a repository */
export function readDraft(query: string): TaskDraft {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written below, by a page of this origin
  const stored = readStored("window", STORED_AS) as Partial<TaskDraft> | undefined;
  const repository = new URLSearchParams(query).get("repository");
  return { ...EMPTY_DRAFT, ...stored, ...(repository !== null && { repository }) };
}

/** Keeps what was typed until the window is closed. */
export function keepDraft(draft: TaskDraft): void {
  keepStored("window", STORED_AS, draft);
}

/** Forgets the work that was started, and keeps the repository and the settings for the next. */
export function forgetPrompt(draft: TaskDraft): void {
  const { repository, sandbox, model, reasoning_effort, check, asks } = draft;
  keepDraft({ ...EMPTY_DRAFT, repository, sandbox, model, reasoning_effort, check, asks });
}

/** Returns the request for what the form says; settings that its sandbox does not have are left out. */
export function toNewTask(draft: TaskDraft): NewTask {
  const { repository, prompt, sandbox, asks, tries } = draft;
  const named = (...keys: ("base" | "topic" | "model" | "reasoning_effort" | "check")[]) =>
    Object.fromEntries(keys.flatMap((key) => (draft[key].trim() === "" ? [] : [[key, draft[key].trim()]])));
  const changesFiles = sandbox !== "read-only";
  return {
    repository: repository.trim(),
    prompt,
    sandbox,
    ...named("topic", "model", "reasoning_effort"),
    ...(changesFiles && named("base", "check")),
    ...(asks && sandbox === "workspace-write" && { approvals: "ask" as const }),
    ...(tries !== "1" && { tries: Number(tries) }),
  };
}

/** Fault of a field, or of the whole form. */
export interface DraftFault {
  field: keyof TaskDraft | undefined;
  message: string;
}

/** Fields by the codes of failures that are about them. */
const FIELDS: Partial<Record<string, keyof TaskDraft>> = {
  invalid_cwd: "repository",
  repository_without_commit: "repository",
  repository_untrusted: "repository",
  repository_unusable: "repository",
  repository_read_only: "repository",
  no_commit_holds_cwd: "repository",
  invalid_prompt: "prompt",
  unknown_branch: "base",
  invalid_topic: "topic",
  task_running: "topic",
};

/** Returns the field that a failure is about; undefined if it is about none, or not known. */
export function fieldOf(code: string): keyof TaskDraft | undefined {
  return FIELDS[code];
}

/** Returns the first fault that can be seen without asking the server. */
export function findFault(draft: TaskDraft, maxTries: number): DraftFault | undefined {
  const tries = Number(draft.tries);
  if (draft.repository.trim() === "") return { field: "repository", message: "Choose a repository or folder." };
  if (!/^(?:\/|~(?:\/|$)|[A-Za-z]:[\\/])/.test(draft.repository.trim())) {
    return { field: "repository", message: "Enter the absolute path of the folder, such as /home/me/project." };
  }
  if (draft.prompt.trim() === "") return { field: "prompt", message: "Describe the work for Codex." };
  if (!Number.isInteger(tries) || tries < 1 || tries > maxTries) {
    return { field: "tries", message: `Enter a number from 1 to ${maxTries}.` };
  }
  return undefined;
}
