import { AppError, type ErrorCode, type Failure, toFailure } from "#base/errors.ts";
import { groupNamesOf, MAX_TRIES, type TryVariant } from "#domain/group.ts";
import type { TaskRecord } from "#domain/record.ts";
import { parseTopic } from "#domain/topic.ts";
import { snapshotWork } from "#git/snapshots/snapshot-work.ts";
import { logger } from "#base/log.ts";
import { isGroupNameTaken } from "#store/tasks/groups.ts";
import type { AppContext } from "#tasks/context.ts";
import type { StartRequest } from "./request/check-request.ts";
import { type CompletedRequest, completeRequest, type OpenRequest } from "./request/complete-request.ts";
import { type CheckedStart, claimChecked, type ClaimedStart } from "./claim-start.ts";
import { checkStart, startClaimed } from "./start-task.ts";

/** Request for several tries at one prompt. */
export interface TriesOptions {
  /** Number of tries; by default one for each variant. */
  tries?: number | undefined;
  /** Settings of the tries; with fewer variants than tries, they are used in turn. */
  variants?: readonly TryVariant[] | undefined;
}

/** Tries that were started. */
export interface StartedTries {
  /** Name of the group. */
  group: string;
  tasks: TaskRecord[];
  /** Tries that could not be started, by their numbers. */
  notStarted: { number: number; failure: Failure }[];
}

/** Maximum number of names that are tried for a group. */
const MAX_NAME_ATTEMPTS = 50;

/** Codes of refusals because of a topic, branch or path that exists: another name is used. */
const TAKEN: ReadonlySet<ErrorCode> = new Set([
  "task_running",
  "worktree_busy",
  "worktree_path_taken",
  "worktree_on_other_branch",
  "branch_checked_out",
  "invalid_topic",
]);

/** Returns whether a request is one for several tries: a single one without variants is an ordinary task. */
export function asksForTries({ tries = 1, variants = [] }: TriesOptions): boolean {
  return tries > 1 || variants.length > 0;
}

/**
 * Starts several tasks with one prompt. All start from the same commit and, if asked for, the same uncommitted changes, even if branch and
 * files change meanwhile. All are checked before the first is started.
 * @param findCwd returns the folder that the client works in
 * @throws AppError if a try is refused, or the first cannot be claimed; nothing has been started then
 */
export async function startTries(
  context: AppContext,
  open: OpenRequest,
  options: TriesOptions,
  findCwd: () => Promise<string>,
): Promise<StartedTries> {
  const variants = variantsOf(open, options);
  const request = await completeRequest(context, open, findCwd);
  const { group, claimed, notStarted } = await claimTries(context, request, variants);
  const settled = await Promise.allSettled(claimed.map((each) => startClaimed(context, each)));
  const tasks = settled.flatMap((each, index) => {
    if (each.status === "fulfilled") return [each.value];
    const number = claimed[index]?.granted.group?.number ?? index + 1;
    notStarted.push({ number, failure: toFailure(each.reason) });
    return [];
  });
  return { group, tasks, notStarted };
}

/** Returns the settings of each try. @throws AppError `invalid_argument` */
function variantsOf(open: OpenRequest, { tries, variants = [] }: TriesOptions): TryVariant[] {
  for (const [name, value] of Object.entries({ resume: open.resume, session_id: open.sessionId, fork: open.fork })) {
    if (!value?.trim()) continue;
    const message = `tries cannot be combined with ${name}: all of them start with a new session.`;
    throw new AppError("invalid_argument", message, `Omit ${name}, or start a single task.`);
  }
  const count = tries ?? variants.length;
  if (count > MAX_TRIES) {
    throw new AppError("invalid_argument", `There are ${count} tries; the limit is ${MAX_TRIES}.`, "Start fewer.");
  }
  if (variants.length > count) {
    const message = `There are ${variants.length} variants, but only ${count} tries.`;
    throw new AppError("invalid_argument", message, "Omit tries, or pass at most one variant for each.");
  }
  return Array.from({ length: count }, (_, index) => variants[index % variants.length] ?? {});
}

/** Claimed tries of a group. */
interface ClaimedTries {
  group: string;
  claimed: ClaimedStart[];
  notStarted: StartedTries["notStarted"];
}

/** Finds a name for the group that is free, checks all tries, and claims their topics. */
async function claimTries(
  context: AppContext,
  request: CompletedRequest,
  variants: readonly TryVariant[],
): Promise<ClaimedTries> {
  const draft = typeof request.topic === "string" ? parseTopic(request.topic) : request.topic;
  let base: Base | undefined;
  for (let attempt = 1; ; attempt++) {
    const { id, topicOf } = groupNamesOf(draft, attempt);
    const isLast = attempt === MAX_NAME_ATTEMPTS;
    if (!isLast && isGroupNameTaken(context.store, id)) continue;
    const requests = variants.map((variant, index) =>
      requestOf(request, variant, topicOf(index + 1), { id, number: index + 1, of: variants.length }),
    );
    try {
      base ??= await findBase(context, requests[0]);
      const starts = await checkAll(context, requests, base);
      if (!isLast && starts.some(({ place }) => place.plan !== undefined && place.plan.action !== "create")) continue;
      return { group: id, ...(await claimAll(context, starts)) };
    } catch (error) {
      if (isLast || !(error instanceof AppError) || !TAKEN.has(error.code)) throw error;
      logger("app").debug`the group name ${id} cannot be used: ${error.message}`;
    }
  }
}

function requestOf(
  { topic: _draft, isTopicOurs: _ours, lostWorktree: _lost, ...request }: CompletedRequest,
  { model, reasoningEffort, profile, promptSuffix }: TryVariant,
  topic: string,
  group: NonNullable<StartRequest["group"]>,
): StartRequest {
  return {
    ...request,
    topic,
    group,
    prompt: promptSuffix?.trim() ? `${request.prompt}\n\n${promptSuffix}` : request.prompt,
    model: model || request.model,
    reasoningEffort: reasoningEffort || request.reasoningEffort,
    profile: profile || request.profile,
  };
}

/** Commit from which all tries start; empty for tasks that have no worktree. */
type Base = Pick<StartRequest, "startsFrom">;

/** Determines the commit from which all tries start, including a snapshot of the uncommitted changes if asked for. */
async function findBase(context: AppContext, request: StartRequest | undefined): Promise<Base> {
  if (request === undefined) return {};
  const { checked, place } = await checkStart(context, request);
  if (place.plan === undefined) {
    if (checked.sandbox !== "read-only") throw withoutRepository(request);
    return {};
  }
  const { branch, commit: head, toplevel } = place.plan.repository;
  const isSnapshot = checked.includeUncommitted === true && toplevel !== undefined;
  return { startsFrom: { branch, commit: isSnapshot ? await snapshotWork(toplevel, head) : head } };
}

function withoutRepository({ cwd }: StartRequest): AppError {
  return new AppError(
    "invalid_argument",
    `${cwd} is not in a git repository, so several tries would change the same files.`,
    "Make it a repository with a commit, start a single task, or use sandbox read-only.",
  );
}

async function checkAll(context: AppContext, requests: readonly StartRequest[], base: Base): Promise<CheckedStart[]> {
  const isPinned = base.startsFrom !== undefined;
  const replaced = isPinned ? { base: undefined, includeUncommitted: undefined } : {};
  return Promise.all(requests.map((request) => checkStart(context, { ...request, ...replaced, ...base })));
}

/**
 * Claims the topics of all tries. The first claim is that of the group's name, too.
 * @throws AppError if the first is refused; after that, a refusal concerns one try
 */
async function claimAll(context: AppContext, starts: readonly CheckedStart[]): Promise<Omit<ClaimedTries, "group">> {
  const claimed: ClaimedStart[] = [];
  const notStarted: StartedTries["notStarted"] = [];
  for (const [index, start] of starts.entries()) {
    try {
      claimed.push(await claimChecked(context, start));
    } catch (error) {
      if (index === 0) throw error;
      notStarted.push({ number: index + 1, failure: toFailure(error) });
    }
  }
  return { claimed, notStarted };
}
