import { isAbsolute, resolve } from "node:path";
import { AppError } from "#base/errors.ts";
import type { Sandbox, TaskRecord } from "#domain/record.ts";
import { draftTopic, type TopicDraft, topicFromPrompt, toTopicText } from "#domain/free-topic.ts";
import { findTopic } from "#domain/topic.ts";
import { workspaceOf } from "#git/git-folders.ts";
import { listTopics, nextFreeVersion } from "#store/tasks/list-tasks.ts";
import type { Store } from "#store/store.ts";
import { pathExists, readPath, resolveWorkspace } from "#base/paths.ts";
import type { AppContext } from "#tasks/context.ts";
import type { StartRequest } from "./check-request.ts";
import { findResumed, type Resumed, resolveSession } from "./find-session.ts";
import { inheritCheck } from "./check-option.ts";
import { checkForkAlone, findForkParent, type ForkParent } from "#tasks/start/fork/find-parent.ts";

/** Request of which only the prompt is required. */
export interface OpenRequest extends Omit<StartRequest, "cwd" | "topic" | "sandbox" | "fork"> {
  cwd?: string | undefined;
  /** Topic that follows the grammar, or any words. */
  topic?: string | undefined;
  sandbox?: Sandbox | undefined;
  /** Task to continue: its id, its topic, the beginning of either, or its session id. */
  resume?: string | undefined;
  /** Task to copy, named as for {@link resume}. */
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
 * Fills in what a request leaves out: from the task that it resumes or copies, from the client's folder, and from the prompt.
 * @param findCwd returns the folder that the client works in
 * @throws AppError `unknown_task`, `unknown_session`, `task_running`, `invalid_cwd`
 */
export async function completeRequest(
  context: AppContext,
  open: OpenRequest,
  findCwd: () => Promise<string>,
): Promise<CompletedRequest> {
  const { resume: _resume, fork: _fork, ...request } = open;
  const { resumed, fork, from } = await findEarlier(context, open);
  const sessionId = chooseSession(context, request.sessionId, resumed);
  const sandbox = request.sandbox ?? from?.sandbox ?? "read-only";
  const approvals = approvalsOf(request, from, sandbox);
  const named = request.cwd?.trim() ? await readCwd(request.cwd, findCwd) : undefined;
  const cwd = named ?? folderOf(from, sandbox) ?? (await findCwd());
  const topic = await chooseTopic(request, resumed?.topic, sandbox);
  const isTopicOurs = !request.topic?.trim() && resumed?.topic === undefined;
  const left = resumed?.record?.worktree_dir;
  const lostWorktree = left === undefined || pathExists(left) ? undefined : left;
  const check = inheritCheck({ ...request, sandbox }, from);
  return { ...request, ...check, sandbox, approvals, cwd, sessionId, fork, topic, isTopicOurs, lostWorktree };
}

/** Finds the tasks that a request names, and that of which the new one takes what is left out. */
async function findEarlier(
  context: AppContext,
  open: OpenRequest,
): Promise<{ resumed: Resumed | undefined; fork: ForkParent | undefined; from: TaskRecord | undefined }> {
  checkForkAlone(open);
  const { resume = "", fork: copied = "" } = open;
  const resumed = resume.trim() === "" ? undefined : await findResumed(context, resume.trim());
  const fork = copied.trim() === "" ? undefined : await findForkParent(context, copied.trim());
  return { resumed, fork, from: resumed?.record ?? fork?.record };
}

/**
 * Gives the topic of a request its version: the next one that no task of the workspace has.
 * @param isBusy whether tasks of its description are running, so that another description is needed if this server chose it
 */
export function withTopic({ store }: AppContext, request: CompletedRequest, isBusy: boolean): StartRequest {
  const { topic, isTopicOurs, lostWorktree: _lost, ...rest } = request;
  if (typeof topic === "string") return { ...rest, topic };
  const workspace = workspaceOf(resolveWorkspace(rest.cwd));
  const needsOwn = rest.fork !== undefined && rest.sandbox !== "read-only";
  const idle = isTopicOurs && (isBusy || needsOwn) ? findUnused(store, workspace, topic, needsOwn) : topic;
  const { description, version } = nextFreeVersion(store, workspace, idle);
  const draft = { ...topic, description: topic.version === undefined ? description : idle.description };
  return { ...rest, topic: toTopicText(draft, topic.version ?? version) };
}

/**
 * Returns the draft of which no task is running: with this description, or with a number after it.
 * @param isNew whether no task may ever have had it, because its worktree may exist
 */
function findUnused(store: Store, workspace: string, draft: TopicDraft, isNew: boolean): TopicDraft {
  const used = new Set(listTopics(store, workspace, isNew).map((topic) => findTopic(topic)?.key.toLowerCase()));
  for (let number = 1; ; number++) {
    const description = number === 1 ? draft.description : `${draft.description}_${number}`;
    if (!used.has(`${draft.type}-${description}`.toLowerCase())) return { ...draft, description };
  }
}

/** Returns a request with another description, because a worktree of the one that this server chose exists. */
export function withNextDescription(request: CompletedRequest): CompletedRequest {
  if (typeof request.topic === "string") return request;
  const [, stem = "", number = "1"] = /^(.*?)(?:_(\d{1,6}))?$/s.exec(request.topic.description) ?? [];
  return { ...request, topic: { ...request.topic, description: `${stem}_${Number(number) + 1}` } };
}

/** Reads the folder that a caller names, relative to the one that the client works in. */
export async function readCwd(text: string, findCwd: () => Promise<string>): Promise<string> {
  const path = readPath(text);
  return isAbsolute(path) ? resolve(path) : resolve(await findCwd().catch(() => process.cwd()), path);
}

/** Returns the folder in which a task is continued or copied: one that only reads gets the worktree of that task. */
function folderOf(record: TaskRecord | undefined, sandbox: Sandbox): string | undefined {
  if (record?.worktree_dir === undefined || sandbox !== "read-only") return record?.cwd;
  return pathExists(record.run_dir) ? record.run_dir : record.cwd;
}

/** Returns how a continued task treats approvals: as before, as long as its sandbox has any. */
function approvalsOf(
  { approvals }: Pick<StartRequest, "approvals">,
  from: TaskRecord | undefined,
  sandbox: Sandbox,
): StartRequest["approvals"] {
  return approvals ?? (sandbox === "workspace-write" ? from?.approvals : undefined);
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
