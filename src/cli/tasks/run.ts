import { resolve } from "node:path";
import type { OpenRequest } from "#tasks/start/request/complete-request.ts";
import { asksForTries, type TriesOptions } from "#tasks/start/start-tries.ts";
import { AppError } from "#base/errors.ts";
import { expandHome } from "#base/paths.ts";
import type { Sandbox } from "#domain/record.ts";
import { defineCommand, type Input, type OptionSpec, type ValuesOf } from "#cli/framework/command.ts";
import { openCommandContext } from "#cli/framework/open-context.ts";
import { readOutputSchema, readPrompt } from "./read-input.ts";
import { parseVariant, runTriesAndReport } from "./run-tries.ts";
import { runAndReport } from "./run-and-report.ts";

/** Options of `run`; other commands that start tasks have some of them, too. */
export const RUN_OPTIONS = {
  "read-only": { type: "boolean", summary: "Only read, in the folder itself; the default" },
  "workspace-write": { type: "boolean", summary: "Change files in a git worktree, within Codex's sandbox" },
  "full-access": { type: "boolean", summary: "Change files in a git worktree, without a sandbox" },
  network: { type: "boolean", summary: "Allow network access within --workspace-write" },
  approvals: {
    type: "string",
    choices: ["never", "ask"],
    summary: "Within --workspace-write, ask before Codex does what its sandbox does not allow (default: never do it)",
  },
  topic: {
    type: "string",
    placeholder: "words",
    summary: "Name of the work in a few words, or type-description-v1 (default: from the prompt)",
  },
  cwd: {
    type: "string",
    placeholder: "folder",
    kind: "folder",
    summary: "Folder of the work (default: the current one)",
  },
  model: { type: "string", short: "m", placeholder: "name", summary: "Model for this task" },
  effort: { type: "string", placeholder: "level", summary: "Reasoning effort, for example low or high" },
  profile: { type: "string", short: "p", placeholder: "name", summary: "Codex profile" },
  image: {
    type: "string",
    short: "i",
    multiple: true,
    placeholder: "file",
    kind: "file",
    summary: "Add an image to the prompt",
  },
  base: {
    type: "string",
    placeholder: "revision",
    kind: "branch",
    summary: "Branch, tag or commit that a new worktree starts from (default: the checked-out commit)",
  },
  "include-uncommitted": {
    type: "boolean",
    summary: "Start a new worktree with the uncommitted changes of the folder",
  },
  "no-commit": { type: "boolean", summary: "Do not commit what Codex leaves uncommitted in the worktree" },
  goal: { type: "string", placeholder: "text", summary: "Let Codex continue, turn after turn, until this is reached" },
  "goal-tokens": { type: "count", placeholder: "n", summary: "Number of tokens that the goal may take" },
  check: {
    type: "string",
    placeholder: "command",
    summary: "Check the work with this command after Codex's turn, for example 'npm test'",
  },
  "check-attempts": {
    type: "count",
    placeholder: "n",
    summary: "Run the check up to n times: after a failure, Codex gets the output and continues (default: 1)",
  },
  "max-tokens": { type: "count", placeholder: "n", summary: "Stop the task when it has used these tokens" },
  timeout: { type: "duration", short: "t", summary: "Stop the task after this time, for example 15m or 2h" },
  "idle-timeout": {
    type: "duration",
    summary: "Stop the task after this time without events (default: 30m; 0: never)",
  },
  detach: { type: "boolean", short: "d", summary: "Print the task's id once it is started, and leave it running" },
  "output-schema": { type: "string", placeholder: "file", kind: "file", summary: "JSON Schema for the result" },
  json: { type: "boolean", summary: "Print the result with all facts about the task as JSON" },
  quiet: { type: "boolean", short: "q", summary: "Print nothing but errors on stderr" },
} as const satisfies Record<string, OptionSpec>;

/** Options of `resume`, whose defaults come from the resumed task. */
const RESUME_OPTIONS = {
  ...RUN_OPTIONS,
  "read-only": { ...RUN_OPTIONS["read-only"], summary: "Only read, in the task's worktree or folder" },
  topic: {
    ...RUN_OPTIONS.topic,
    summary: "Name of the work in a few words (default: the next version of the task's topic)",
  },
  cwd: { ...RUN_OPTIONS.cwd, summary: "Folder of the work (default: that of the task)" },
} as const satisfies Record<string, OptionSpec>;

const STREAMS =
  "The result alone is printed on stdout; progress is shown on stderr if that is a terminal. Exits with 0 if the task was completed, 1 " +
  "if it was not or could not be started, 124 after a time limit, and 130 or 143 if Ctrl-C or SIGTERM stopped it with all its " +
  "processes. If the terminal is closed, the task keeps running.";

export const runCommand = defineCommand({
  name: "run",
  aliases: ["start", "exec"],
  group: "tasks",
  summary: "Run a task and print its result",
  details: `With - as the prompt, reads it from stdin. ${STREAMS}`,
  operands: { usage: "<prompt|->", min: 1, max: 1 },
  options: {
    ...RUN_OPTIONS,
    resume: {
      type: "string",
      short: "r",
      placeholder: "task",
      kind: "task",
      summary: "Continue a task: its folder, worktree and session",
    },
    fork: {
      type: "string",
      placeholder: "task",
      kind: "task",
      summary: "Start from a copy of a task's session and worktree; both continue independently",
    },
    tries: {
      type: "count",
      placeholder: "n",
      summary: "Start n tasks with this prompt from one commit, and print a comparison",
    },
    variant: {
      type: "string",
      multiple: true,
      placeholder: "settings",
      summary: "Settings of a try: model=…,effort=…,profile=…,prompt=text to add",
    },
  },
  examples: [
    ['run "Review the last commit."', "Let Codex read and report"],
    ['run --full-access "Write the parser."', "Let Codex work in a worktree of its own"],
    ['run --full-access --tries 3 "Write the parser."', "Let three tasks do the same, each in a worktree of its own"],
    [
      "run --timeout 20m --output-schema schema.json - < prompt.md | jq .approve",
      "Pass a prompt and a result through pipes",
    ],
  ],
  run: async ({ options, operands }) => {
    const tries = { tries: options.tries, variants: options.variant.map(parseVariant) };
    return start({ options, operands }, { resume: options.resume, fork: options.fork }, tries);
  },
});

export const resumeCommand = defineCommand({
  name: "resume",
  aliases: ["continue", "reply"],
  group: "tasks",
  summary: "Continue a task with another prompt, and print the result",
  details: `Takes folder, worktree, sandbox and Codex session from the task, which is named by its id, topic or session id. ${STREAMS}`,
  operands: { usage: "<task> <prompt|->", min: 2, max: 2, kind: "task" },
  options: RESUME_OPTIONS,
  examples: [['resume implement-parser-v1 "Also parse comments."', "Continue in the same worktree and session"]],
  run: async ({ options, operands: [task = "", prompt = ""] }) =>
    start({ options, operands: [prompt] }, { resume: task }),
});

type RunInput = Input<ValuesOf<typeof RUN_OPTIONS>>;

async function start(
  { options, operands: [text = ""] }: RunInput,
  from: Pick<OpenRequest, "resume" | "fork">,
  tries: TriesOptions = {},
): Promise<number> {
  const { json, detach, quiet } = options;
  const request: OpenRequest = {
    ...toRequest(options),
    prompt: await readPrompt(text),
    ...from,
    mode: detach ? "dispatch" : "blocking",
    client: "command line",
  };
  const output = { isJson: json, isDetached: detach, isQuiet: quiet };
  if (asksForTries(tries)) return runTriesAndReport(openCommandContext(), request, tries, output);
  return runAndReport(openCommandContext(), request, output);
}

function toRequest(options: RunInput["options"]): Omit<OpenRequest, "prompt" | "mode"> {
  const { cwd, "output-schema": schema, image: images } = options;
  return {
    sandbox: chooseSandbox(options),
    network: options.network || undefined,
    approvals: options.approvals,
    topic: options.topic,
    cwd: cwd === undefined ? undefined : resolve(expandHome(cwd)),
    model: options.model,
    reasoningEffort: options.effort,
    profile: options.profile,
    images: images.map((image) => resolve(expandHome(image))),
    base: options.base,
    includeUncommitted: options["include-uncommitted"] || undefined,
    commit: options["no-commit"] ? "never" : undefined,
    goal: options.goal,
    goalTokens: options["goal-tokens"],
    check: options.check,
    checkAttempts: options["check-attempts"],
    maxTokens: options["max-tokens"],
    timeoutSeconds: options.timeout,
    idleTimeoutSeconds: options["idle-timeout"],
    outputSchema: schema === undefined ? undefined : readOutputSchema(resolve(expandHome(schema))),
  };
}

/** Returns the sandbox that the options name; undefined for the default. */
function chooseSandbox(options: Record<Sandbox, boolean>): Sandbox | undefined {
  const named = (["read-only", "workspace-write", "full-access"] as const).filter((sandbox) => options[sandbox]);
  if (named.length <= 1) return named[0];
  throw new AppError(
    "invalid_argument",
    `${named.map((name) => `--${name}`).join(" and ")} cannot be combined.`,
    "Use one of them.",
  );
}
