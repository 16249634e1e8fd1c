/** Commands by the tool that does the same. */
const COMMAND_OF_TOOL: Record<string, string> = {
  codex_wait: "wait",
  codex_status: "show",
  codex_send: "send",
  codex_cancel: "cancel",
  codex_diff: "diff",
  codex_compare: "compare",
  codex_merge: "merge",
  codex_discard: "discard",
  codex_dispatch: "run --detach",
  codex_review: "review",
};

/** Options of commands by the tools' parameters. */
const OPTION_OF_PARAMETER: Record<string, string> = {
  skip_large_ignored: "--skip-large-ignored",
  include_uncommitted: "--include-uncommitted",
  idle_timeout_seconds: "--idle-timeout",
  timeout_seconds: "--timeout",
  output_schema: "--output-schema",
  reasoning_effort: "--effort",
  discard_others: "--discard-others",
  goal_tokens: "--goal-tokens",
  max_tokens: "--max-tokens",
  require_check: "--require-check",
};

const RESUME = "`codex-mcp-server resume <task> <prompt>`";

/** Phrases about tools that a command says in another way, in the order in which they are replaced. */
const PHRASES: readonly (readonly [pattern: RegExp, command: string])[] = [
  [/\bcodex_discard with restore: true/g, "`codex-mcp-server restore <task>`"],
  [/\b(Restore [^`]*?) with codex_discard\b/g, "$1 with `codex-mcp-server restore <task>`"],
  [/\bcodex_status lists running tasks/g, "`codex-mcp-server tasks --status running` lists them"],
  [/\bCall codex_/g, "Run codex_"],
  [/\b([Cc])all codex with resume to continue the task/g, `$1ontinue the task with ${RESUME}`],
  [
    /\b([Cc])all codex with resume and a check\b/g,
    "$1ontinue the task with `codex-mcp-server resume --check <command> <task> <prompt>`",
  ],
  [/\bCall codex with resume to have the task\b/g, `Continue it with ${RESUME}, and let it`],
  [/\bcall codex with resume to have the task\b/g, `continue it with ${RESUME}, and let it`],
  [/\bwith when "(after|instead)"/g, "with --$1"],
  [/\bset include_uncommitted: true/g, "use include_uncommitted"],
  [/\b(include_uncommitted|network): true\b/g, "$1"],
  [/\b[Ss]andbox (read-only|workspace-write|full-access)\b/g, "--$1"],
  [/\b(with|omit|[Uu]se|Omit) network\b(?! access)/g, "$1 --network"],
  [/\bOmit base\b/g, "Omit --base"],
  [/\bDescribe the work in (prompt|message)\b/g, "Describe the work in the $1"],
];

const TOOL = /(?<![\w/.-])(codex_[a-z]+)(?: with task_ids? (?:\["([^"\]]+)"\]|"([^"]+)"))?(?![\w/])/g;
const PARAMETER = /(?<![\w/.-])([a-z]+(?:_[a-z]+)+)(?![\w/])/g;

/**
 * Translates a hint for the command line: the layers below write for agents, and name tools and their parameters. No other function
 * does so.
 * @param taskId task that the hint is about, if known
 */
export function toCommandHint(hint: string, taskId = "<task>"): string {
  const said = PHRASES.reduce((text, [pattern, command]) => text.replace(pattern, command), hint);
  let task: string | undefined;
  return said
    .replace(TOOL, (whole, tool: string, ids: string | undefined, id: string | undefined) => {
      const command = COMMAND_OF_TOOL[tool];
      if (command === undefined) return whole;
      // A hint names the task once, for its first tool.
      task = ids ?? id ?? task;
      const waits = tool === "codex_status" && id !== undefined && said.startsWith("Wait for it") ? "wait" : command;
      return `\`codex-mcp-server ${waits}${task === undefined ? "" : ` ${task}`}\``;
    })
    .replace(PARAMETER, (name) => OPTION_OF_PARAMETER[name] ?? name)
    .replaceAll("<task>", () => taskId);
}

/** Returns an answer whose hint and note are in the words of the command line. */
export function withCommandHints<Answer extends { task_id?: string; hint?: string; note?: string }>(
  answer: Answer,
): Answer {
  const { hint, note, task_id } = answer;
  return {
    ...answer,
    ...(hint !== undefined && { hint: toCommandHint(hint, task_id) }),
    ...(note !== undefined && { note: toCommandHint(note, task_id) }),
  };
}
