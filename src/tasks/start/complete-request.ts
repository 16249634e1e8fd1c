import { isAbsolute, resolve } from "node:path";
import { shorten } from "#base/text.ts";
import { findSessionFile } from "#codex/run/session-file.ts";
import { AppError } from "#base/errors.ts";
import { isEnded, type Sandbox, type TaskRecord } from "#domain/record.ts";
import { draftTopic, type TopicDraft, topicFromPrompt, toTopicText } from "#domain/free-topic.ts";
import { findTopic, type Topic } from "#domain/topic.ts";
import { workspaceOf } from "#git/git-folders.ts";
import { findBySession, listUnfinishedTopics, nextFreeVersion } from "#store/tasks/list-tasks.ts";
import type { Store } from "#store/store.ts";
import type { StoredTask } from "#store/tasks/task-row.ts";
import { pathExists, readPath, resolveWorkspace } from "#base/paths.ts";
import type { AppContext } from "#tasks/context.ts";
import { findNamedTask, resolveTask } from "#tasks/lookup.ts";
import { reconcile } from "#tasks/end/reconcile.ts";
import type { StartRequest } from "./check-request.ts";

/** Request of which only the prompt is required. */
export interface OpenRequest extends Omit<StartRequest, "cwd" | "topic" | "sandbox"> {
  cwd?: string | undefined;
  /** Topic that follows the grammar, or any words. */
  topic?: string | undefined;
  sandbox?: Sandbox | undefined;
  /** Task to continue: its id, its topic, the beginning of either, or its session id. */
  resume?: string | undefined;
  /** Task of which this one is to be a fork, named as in `resume`. */
  fork?: string | undefined;
}

/** Request with everything filled in except for the parts of the topic that depend on other tasks. */
export interface CompletedRequest extends Omit<StartRequest, "topic"> {
  /** Topic as given, or the draft that still gets a version. */
  topic: string | TopicDraft;
  /** Whether this server chose the topic, so that it may use another description if the topic is in use. */
  isTopicOurs: boolean;
  /** Worktree of the resumed task, if it no longer exists: the session still knows it as it was. */
  lostWorktree: string | undefined;
}

/**
 * Fills in what a request leaves out: from the task that it resumes, from the client's folder, and from the prompt.
 * @param findCwd returns the folder that the client works in
 * @throws AppError `unknown_task`, `unknown_session`, `task_running`, `invalid_cwd`
 */
export async function completeRequest(
  context: AppContext,
  open: OpenRequest,
  findCwd: () => Promise<string>,
): Promise<CompletedRequest> {
  const { resume, fork: _fork, ...request } = open;
  const resumed = resume?.trim() ? await findResumed(context, resume.trim()) : undefined;
  const sessionId = chooseSession(context, request.sessionId, resumed);
  const sandbox = request.sandbox ?? resumed?.record?.sandbox ?? "read-only";
  const approvals = approvalsOf(request, resumed, sandbox);
  const named = request.cwd?.trim() ? await readCwd(request.cwd, findCwd) : undefined;
  const cwd = named ?? folderOf(resumed?.record, sandbox) ?? (await findCwd());
  const topic = await chooseTopic(request, resumed?.topic, sandbox);
  const isTopicOurs = !request.topic?.trim() && resumed?.topic === undefined;
  const left = resumed?.record?.worktree_dir;
  const lostWorktree = left === undefined || pathExists(left) ? undefined : left;
  return { ...request, sandbox, approvals, cwd, sessionId, topic, isTopicOurs, lostWorktree };
}

/**
 * Gives the topic of a request its version: the next one that no task of the workspace has.
 * @param isBusy whether tasks of its description are running, so that another description is needed if this server chose it
 */
export function withTopic({ store }: AppContext, request: CompletedRequest, isBusy: boolean): StartRequest {
  const { topic, isTopicOurs, lostWorktree: _lost, ...rest } = request;
  if (typeof topic === "string") return { ...rest, topic };
  const workspace = workspaceOf(resolveWorkspace(rest.cwd));
  const idle = isBusy && isTopicOurs ? findIdle(store, workspace, topic) : topic;
  const { description, version } = nextFreeVersion(store, workspace, idle);
  const draft = { ...topic, description: topic.version === undefined ? description : idle.description };
  return { ...rest, topic: toTopicText(draft, topic.version ?? version) };
}

/** Returns the draft of which no task is running: with this description, or with a number after it. */
function findIdle(store: Store, workspace: string, draft: TopicDraft): TopicDraft {
  const busy = new Set(listUnfinishedTopics(store, workspace).map((topic) => findTopic(topic)?.key.toLowerCase()));
  for (let number = 1; ; number++) {
    const description = number === 1 ? draft.description : `${draft.description}_${number}`;
    if (!busy.has(`${draft.type}-${description}`.toLowerCase())) return { ...draft, description };
  }
}

/** Reads the folder that a caller names, relative to the one that the client works in. */
export async function readCwd(text: string, findCwd: () => Promise<string>): Promise<string> {
  const path = readPath(text);
  return isAbsolute(path) ? resolve(path) : resolve(await findCwd().catch(() => process.cwd()), path);
}

/** Returns the folder in which a resumed task is continued: one that only reads gets the worktree of the task that it continues. */
function folderOf(record: TaskRecord | undefined, sandbox: Sandbox): string | undefined {
  if (record?.worktree_dir === undefined || sandbox !== "read-only") return record?.cwd;
  return pathExists(record.run_dir) ? record.run_dir : record.cwd;
}

/** Returns how a continued task treats approvals: as before, as long as its sandbox has any. */
function approvalsOf(
  { approvals }: Pick<StartRequest, "approvals">,
  resumed: Resumed | undefined,
  sandbox: Sandbox,
): StartRequest["approvals"] {
  return approvals ?? (sandbox === "workspace-write" ? resumed?.record?.approvals : undefined);
}

function chooseSession(
  context: AppContext,
  given: string | undefined,
  resumed: Resumed | undefined,
): string | undefined {
  const session = given === undefined ? undefined : resolveSession(context, given);
  if (session === undefined || resumed === undefined || session === resumed.sessionId) {
    return session ?? resumed?.sessionId;
  }
  const message = "resume and session_id name different sessions.";
  throw new AppError("invalid_argument", message, "Pass only one of them.");
}

async function chooseTopic(
  { topic, prompt }: Pick<OpenRequest, "topic" | "prompt">,
  resumed: TopicDraft | undefined,
  sandbox: Sandbox,
): Promise<string | TopicDraft> {
  if (!topic?.trim()) return resumed ?? topicFromPrompt(prompt, sandbox);
  return findTopic(topic) === undefined ? draftTopic(topic, sandbox) : topic;
}

/** Parts of a request that come from a resumed task. */
interface Resumed {
  record?: TaskRecord;
  sessionId: string;
  topic?: TopicDraft;
}

async function findResumed(context: AppContext, text: string): Promise<Resumed> {
  const name = withSessionCase(text);
  const stored = findNamedTask(context, name) ?? findBySession(context.store, name);
  if (stored === undefined) {
    if (findSessionFile(context.config.codexHome, name) !== undefined) return { sessionId: name };
    if (SESSION_ID.test(name)) throw noSession(name);
    // The beginning of a task's name. If there is none, the error names the nearest tasks.
    return findResumed(context, resolveTask(context, name).record.task_id);
  }
  const record = await reconcile(context, stored);
  if (!isEnded(record)) throw stillRunning(record);
  const topic = findTopic(record.topic);
  return { record, sessionId: sessionOf(stored), ...(topic !== undefined && { topic: nextVersion(topic) }) };
}

function nextVersion({ type, description }: Topic): TopicDraft {
  return { type, description, version: undefined };
}

function stillRunning({ task_id, status }: TaskRecord): AppError {
  return new AppError(
    "task_running",
    `The task ${task_id} is still ${status}.`,
    `Wait for it (codex_wait with task_ids ["${task_id}"]) or stop it (codex_cancel), then resume it.`,
  );
}

function sessionOf({ record, sessionId }: StoredTask): string {
  const session = ("session_id" in record ? record.session_id : undefined) ?? sessionId ?? record.resumes;
  if (session !== undefined) return session;
  throw new AppError(
    "unknown_session",
    `The task ${record.task_id} has no Codex session: it ended before Codex had started one.`,
    "Start the task again without resume.",
  );
}

/** Codex takes any other text for the name of a new session, and would silently start without the old context. */
const SESSION_ID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** Returns a session id as Codex writes it, and other texts unchanged. */
function withSessionCase(text: string): string {
  return SESSION_ID.test(text) ? text.toLowerCase() : text;
}

/** Returns the session that a text means: a task's, if it names one. */
function resolveSession(context: AppContext, text: string): string | undefined {
  const id = withSessionCase(text.trim());
  if (id === "") return undefined;
  const task = findNamedTask(context, id);
  if (task !== undefined) return sessionOf(task);
  if (SESSION_ID.test(id) || findBySession(context.store, id) !== undefined) return id;
  if (findSessionFile(context.config.codexHome, id) !== undefined) return id;
  throw noSession(id);
}

function noSession(name: string): AppError {
  return new AppError(
    "unknown_session",
    `"${shorten(name, 200)}" is neither a Codex session nor a task.`,
    "Resume an earlier task, or start a new session.",
  );
}
