import { accessSync, constants } from "node:fs";
import { isAbsolute } from "node:path";
import { checkProjectFiles } from "#codex/config-files.ts";
import { locateCodex } from "#codex/locate.ts";
import { toSettings } from "#codex/settings.ts";
import { withInstructions } from "#readonly/instructions.ts";
import type { Config } from "#base/config.ts";
import { AppError } from "#base/errors.ts";
import { expandHome, resolveWorkspace, statIfAny } from "#base/paths.ts";
import { takeStart } from "#base/text.ts";
import { kindOf } from "#platform/files/read-file.ts";
import type { ForkParent } from "#tasks/start/fork/find-parent.ts";
import type { TaskGroup } from "#domain/group.ts";
import { MAX_IMAGES, type Sandbox, type TaskMode } from "#domain/record.ts";
import { parseTopic, type Topic } from "#domain/topic.ts";
import { checkTmux, IS_TMUX_USED, tmuxServerOf } from "#tmux/tmux.ts";
import { checkCheck, type CheckOptions } from "./check-option.ts";
import { checkGoal, type GoalRequest } from "./goal.ts";

/** Request to start a task, as the caller gives it. */
export interface StartRequest extends GoalRequest, CheckOptions {
  prompt: string;
  cwd: string;
  topic: string;
  sandbox: Sandbox;
  mode: TaskMode;
  /** Name of the client that asks for the task. */
  client?: string | undefined;
  /** Identity of that client: see the record's `client_key`. */
  clientKey?: string | undefined;
  /** Place of the task among several tries. */
  group?: TaskGroup | undefined;
  /** Task or session that the task begins as a copy of. */
  fork?: ForkParent | undefined;
  /** Commit from which a new worktree starts, whatever is checked out by then; excludes `base` and `includeUncommitted`. */
  startsFrom?: { commit: string; branch: string | undefined } | undefined;
  /** Number of tokens that the run may use. */
  maxTokens?: number | undefined;
  sessionId?: string | undefined;
  model?: string | undefined;
  reasoningEffort?: string | undefined;
  profile?: string | undefined;
  images?: readonly string[] | undefined;
  outputSchema?: object | undefined;
  /** Set for a review: its target, and the diff that its findings are checked against. */
  review?: { target: string; diff: object } | undefined;
  /** Whether the sandbox workspace-write has network access. */
  network?: boolean | undefined;
  /** Whether Codex asks before it does what its sandbox does not allow; by default it never does that. */
  approvals?: "never" | "ask" | undefined;
  /** Codex settings that replace those of its configuration. */
  settings?: Readonly<Record<string, unknown>> | undefined;
  /** Instructions that replace Codex's own. */
  baseInstructions?: string | undefined;
  /** Branch, tag or commit from which a new worktree starts; by default the checked-out commit. */
  base?: string | undefined;
  /** Whether a new worktree starts with the uncommitted changes of the workspace. */
  includeUncommitted?: boolean | undefined;
  /** Whether changes that Codex leaves uncommitted in its worktree are committed; by default as configured. */
  commit?: "auto" | "never" | undefined;
  timeoutSeconds?: number | undefined;
  idleTimeoutSeconds?: number | undefined;
}

/** Request that has been checked, with resolved paths and the defaults from the environment. */
export interface CheckedRequest extends StartRequest {
  parsedTopic: Topic;
  /** Codex settings, as `key=value`. */
  settingArguments: readonly string[];
  /** `cwd` without symbolic links. */
  realCwd: string;
  images: readonly string[];
  commit: "auto" | "never";
  timeoutSeconds: number;
  idleTimeoutSeconds: number;
}

const MAX_PROMPT_BYTES = 1024 * 1024;
const DEFAULT_IDLE_SECONDS = 30 * 60;
const SESSION_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/;

/** Checks everything that can be checked before anything is started or written. @throws AppError for the first fault */
export function checkRequest(config: Config, request: StartRequest): CheckedRequest {
  const parsedTopic = parseTopic(request.topic);
  const realCwd = resolveWorkspace(request.cwd);
  checkPrompt(request.prompt, roomForPrompt(config, request));
  checkProjectFiles(realCwd);
  checkOutputSchema(request.outputSchema);
  checkOption("model", request.model);
  checkOption("reasoning_effort", request.reasoningEffort);
  checkOption("base", request.base);
  const sessionId = request.sessionId || undefined;
  if (sessionId !== undefined && !SESSION_ID.test(sessionId)) throw badSessionId(sessionId);
  const profile = request.profile || config.profile;
  const images = checkImages(request.images ?? []);
  const settingArguments = toSettings(request.settings ?? {}, request.sandbox);
  checkNetwork(request);
  checkApprovals(request);
  checkGoal(request);
  checkCheck(config, request);
  locateCodex(config);
  if (request.sandbox !== "read-only" && IS_TMUX_USED) checkTmux(tmuxServerOf(config));
  return {
    ...request,
    parsedTopic,
    cwd: expandHome(request.cwd),
    realCwd,
    sessionId,
    profile,
    images,
    settingArguments,
    model: request.model || undefined,
    reasoningEffort: request.reasoningEffort || config.reasoningEffort,
    base: request.base || undefined,
    commit: request.commit ?? config.commit,
    timeoutSeconds: request.timeoutSeconds ?? 0,
    idleTimeoutSeconds: request.idleTimeoutSeconds ?? DEFAULT_IDLE_SECONDS,
  };
}

/** Returns the size limit of a prompt in bytes. With the read-only fallback, our instructions count towards Codex's limit. */
function roomForPrompt(config: Config, { sandbox }: Pick<StartRequest, "sandbox">): number {
  const mayFallBack = sandbox === "read-only" && config.readonlyFallback !== "off";
  return mayFallBack ? MAX_PROMPT_BYTES - Buffer.byteLength(withInstructions("")) : MAX_PROMPT_BYTES;
}

/**
 * Checks a message to a task: with a text that Codex does not take, a running task would fail.
 * @throws AppError `invalid_prompt`
 */
export function checkMessage(config: Config, task: Pick<StartRequest, "sandbox">, message: string): void {
  checkPrompt(message, roomForPrompt(config, task), "message");
}

function checkPrompt(text: string, maxBytes: number, name: "prompt" | "message" = "prompt"): void {
  const bytes = Buffer.byteLength(text);
  if (text.includes("\0")) {
    throw new AppError("invalid_prompt", `The ${name} contains a NUL character.`, "Remove it.");
  }
  if (text.trim() === "") {
    throw new AppError("invalid_prompt", `The ${name} is empty.`, `Describe the work in ${name}.`);
  }
  if (bytes > maxBytes) {
    throw new AppError(
      "invalid_prompt",
      `The ${name} is ${bytes} bytes long; the limit is ${maxBytes} bytes.`,
      `Put long text into a file in the workspace and name the file in the ${name}.`,
    );
  }
}

function checkNetwork({ network, sandbox }: StartRequest): void {
  if (network === undefined || sandbox === "workspace-write" || network === (sandbox === "full-access")) return;
  throw new AppError(
    "invalid_argument",
    `network cannot be ${network} with sandbox ${sandbox}: ${sandbox === "read-only" ? "Codex's sandbox has none" : "there is no sandbox"}.`,
    "Use sandbox workspace-write, or omit network.",
  );
}

function checkApprovals({ approvals, sandbox }: StartRequest): void {
  if (approvals !== "ask" || sandbox === "workspace-write") return;
  throw new AppError(
    "invalid_argument",
    `approvals cannot be ask with sandbox ${sandbox}: ${sandbox === "read-only" ? "it only reads" : "nothing is refused there"}.`,
    "Use sandbox workspace-write, or omit approvals.",
  );
}

const MAX_IMAGE_BYTES = 20 * 1024 * 1024;

function checkImages(images: readonly string[]): string[] {
  if (images.length <= MAX_IMAGES) return images.map(checkImage);
  const message = `There are ${images.length} images; the limit is ${MAX_IMAGES}.`;
  throw new AppError("invalid_image", message, "Pass fewer images.");
}

/** Returns the full path of an image, checking that it is a readable file and not too large: Codex reads it as a whole. */
function checkImage(image: string): string {
  const path = expandHome(image);
  const stat = isAbsolute(path) ? statIfAny(path) : undefined;
  const why =
    stat === undefined
      ? "is not the absolute path of an existing file"
      : stat.isFile()
        ? stat.size > MAX_IMAGE_BYTES
          ? `has more than ${MAX_IMAGE_BYTES / 1024 / 1024} MiB`
          : isReadable(path)
            ? undefined
            : "cannot be read"
        : `is ${kindOf(stat)}, not a file`;
  if (why === undefined) return path;
  throw new AppError(
    "invalid_image",
    `The image ${takeStart(image, 500)} ${why}.`,
    "Pass the absolute path of each image.",
  );
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

const MAX_SCHEMA_BYTES = 256 * 1024;

/** Checks the size of an output schema. The MCP server has already checked its depth. */
function checkOutputSchema(schema: object | undefined): void {
  const bytes = schema === undefined ? 0 : Buffer.byteLength(JSON.stringify(schema));
  if (bytes <= MAX_SCHEMA_BYTES) return;
  const message = `output_schema is ${bytes} bytes long; the limit is ${MAX_SCHEMA_BYTES} bytes.`;
  throw new AppError("invalid_argument", message, "Use a smaller schema, or describe the answer in the prompt.");
}

/** Longest value of an option on Codex's command line, in characters. Each value is one word. */
const MAX_OPTION_CHARACTERS = 200;

function checkOption(name: string, value: string | undefined): void {
  if (value === undefined || value.length <= MAX_OPTION_CHARACTERS) return;
  const message = `${name} is ${value.length} characters long; the limit is ${MAX_OPTION_CHARACTERS}.`;
  throw new AppError("invalid_argument", message, `Correct ${name}.`);
}

function badSessionId(sessionId: string): AppError {
  return new AppError(
    "invalid_session_id",
    `"${sessionId}" is not a valid Codex session id.`,
    "Resume an earlier task by its task id.",
  );
}
