import { isAbsolute } from "node:path";
import * as v from "valibot";
import { mapLimited } from "#base/concurrency.ts";
import { toCommandHint } from "#base/command-hints.ts";
import { AppError, type Failure } from "#base/errors.ts";
import { nameFolders } from "#base/format-values.ts";
import { expandHome, pathExists } from "#base/paths.ts";
import { MAX_TRIES } from "#domain/group.ts";
import { SANDBOXES } from "#domain/record.ts";
import { listBranchNames } from "#git/repository/branches.ts";
import { listKnownModels, listKnownWorkspaces } from "#store/tasks/known-choices.ts";
import type { AppContext } from "#tasks/context.ts";
import { repositoryOf } from "#tasks/overview.ts";
import type { OpenRequest } from "#tasks/start/request/complete-request.ts";
import { startOpenTask } from "#tasks/start/start-task.ts";
import { asksForTries, startTries } from "#tasks/start/start-tries.ts";
import type { ApiFailure } from "#board/api/failure.ts";
import type { NewTask, NewTaskChoices, StartedTasks } from "#board/api/actions.ts";
import { readJsonBody } from "#board/server/read-request.ts";
import { respondJson } from "#board/server/respond.ts";
import type { Route } from "#board/server/route.ts";

/** Routes of the form for new tasks. */
export const NEW_TASK_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/api/new-task",
    kind: "data",
    handle: async ({ app }) => respondJson(await readChoices(app)),
  },
  {
    method: "POST",
    path: "/api/tasks",
    kind: "action",
    handle: async ({ app }, { request }) => respondJson(await start(app, readNewTask(await readJsonBody(request)))),
  },
];

/** Largest numbers of entries that the form offers. */
const MAX_REPOSITORIES = 30;
const MAX_BRANCHES = 100;
const MAX_MODELS = 20;

/** Time that git has to list the branches of a repository, in milliseconds. */
const BRANCHES_DEADLINE_MS = 2000;

async function readChoices({ store }: AppContext): Promise<NewTaskChoices> {
  const known = listKnownWorkspaces(store, MAX_REPOSITORIES).map((workspace) => ({
    workspace,
    path: repositoryOf(workspace),
  }));
  const existing = known.filter(({ path }) => pathExists(path));
  const names = nameFolders(existing.map(({ path }) => path));
  const repositories = await mapLimited(existing, 4, async ({ workspace, path }) => ({
    path,
    name: names.get(path) ?? path,
    branches: await readBranches(workspace),
  }));
  return { repositories, models: listKnownModels(store, MAX_MODELS), max_tries: MAX_TRIES };
}

/** Returns the branches that a task may start from, those of tasks last; none if it is not a repository or git refuses it. */
async function readBranches(workspace: string): Promise<string[]> {
  try {
    const names = await listBranchNames(workspace, MAX_BRANCHES, { deadlineMs: BRANCHES_DEADLINE_MS, isForeign: true });
    const isOfTask = (name: string) => name.startsWith("agent/");
    return [...names.filter((name) => !isOfTask(name)), ...names.filter(isOfTask)];
  } catch {
    return [];
  }
}

const optionalText = v.exactOptional(v.pipe(v.string(), v.trim()));

const NewTaskSchema = v.object({
  repository: v.pipe(
    v.string(),
    v.check((path) => isAbsolute(expandHome(path.trim())), "is not an absolute path"),
  ),
  prompt: v.pipe(v.string(), v.nonEmpty("is empty")),
  sandbox: v.picklist(SANDBOXES),
  base: optionalText,
  topic: optionalText,
  model: optionalText,
  reasoning_effort: optionalText,
  check: optionalText,
  approvals: v.exactOptional(v.literal("ask")),
  tries: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_TRIES))),
} satisfies Record<keyof NewTask, unknown>);

/** Codes of faults in fields for which there is one. */
const CODES: Partial<Record<string, Failure["code"]>> = { repository: "invalid_cwd", prompt: "invalid_prompt" };

/** Names of fields in the form, if they are not those of the body. */
const LABELS: Partial<Record<string, string>> = { repository: "folder", reasoning_effort: "reasoning effort" };

/** Reads the body of a request for new tasks. @throws AppError for the first fault */
function readNewTask(body: unknown): NewTask {
  const read = v.safeParse(NewTaskSchema, body, { abortEarly: true });
  if (read.success) return read.output;
  const [{ path = [], message }] = read.issues;
  const key = path.map((part) => String(part.key)).join(".");
  const label = LABELS[key] ?? key;
  const fault = message.startsWith("is ") ? message : `is not valid: ${message}`;
  const text = key === "" ? `The request ${fault}.` : `The ${label} ${fault}.`;
  throw new AppError(CODES[key] ?? "invalid_argument", text, `Correct the ${label || "request"}.`);
}

/** Folder that relative paths would refer to; the form only takes absolute ones. */
const findCwd = async () => process.cwd();

async function start(app: AppContext, task: NewTask): Promise<StartedTasks> {
  try {
    const request = toRequest(task);
    const { tries = 1 } = task;
    if (!asksForTries({ tries })) {
      const { task_id } = await startOpenTask(app, request, findCwd);
      return { ids: [task_id], not_started: [] };
    }
    const { group, tasks, notStarted } = await startTries(app, request, { tries }, findCwd);
    return { ids: tasks.map(({ task_id }) => task_id), group, not_started: notStarted.map(describeNotStarted) };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { code, message, hint } = toFormWords(error);
    throw new AppError(code, message, hint, error);
  }
}

function describeNotStarted({ number, failure }: { number: number; failure: Failure }): ApiFailure {
  const { code, message, hint } = toFormWords(failure);
  return { code, message: `Try ${number} was not started: ${message}`, hint };
}

function toRequest({ repository, reasoning_effort, ...task }: NewTask): OpenRequest {
  const filled = <Value>(value: Value | "" | undefined) => (value === "" ? undefined : value);
  return {
    prompt: task.prompt,
    cwd: expandHome(repository.trim()),
    sandbox: task.sandbox,
    mode: "dispatch",
    client: "board",
    base: filled(task.base),
    topic: filled(task.topic),
    model: filled(task.model),
    reasoningEffort: filled(reasoning_effort),
    check: filled(task.check),
    approvals: task.approvals,
  };
}

/** Parameters and phrases of the layers below, with the words of the form. */
const FORM_WORDS: readonly (readonly [pattern: RegExp, words: string])[] = [
  [/^cwd /, "The folder "],
  [/\bcwd\b/g, "the folder"],
  [/\bPass\b/g, "Enter"],
  [/\bpass\b/g, "enter"],
  [/\bbase and include_uncommitted do not\b/g, "base does not"],
  [/\b(Omit|omit) base and include_uncommitted\b/g, "$1 base"],
  [/\bOmit (\w+)\b/g, "Leave $1 empty"],
  [/\bomit (\w+)\b/g, "leave $1 empty"],
  [/\breasoning_effort\b/g, "reasoning effort"],
];

/** Returns a failure in the words of the form: the layers below name the parameters of tools. */
function toFormWords(failure: Failure): Failure {
  const say = (text: string) => FORM_WORDS.reduce((said, [pattern, words]) => said.replace(pattern, words), text);
  return { code: failure.code, message: say(failure.message), hint: toCommandHint(say(failure.hint)) };
}
