import { AppError } from "#base/errors.ts";
import { makeVisible } from "#base/visible-text.ts";
import { CLIENTS } from "#install/clients/client-table.ts";
import { queryTasks } from "#store/tasks/list-tasks.ts";
import { printLines } from "#cli/terminal/output.ts";
import { multiline } from "#cli/terminal/style.ts";
import { type Command, defineCommand } from "./command.ts";
import { openCommandContext } from "./open-context.ts";
import { optionsOf } from "./parse-command-line.ts";

/** Completion scripts. They only pass the words to the command `complete`, which finds the candidates for all shells. */
const SCRIPTS: Record<string, string> = {
  bash: `# bash completion of codex-mcp-server
_codex_mcp_server() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("\${line%%$'\\t'*}")
  done < <("\${COMP_WORDS[0]}" complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _codex_mcp_server codex-mcp-server
`,
  zsh: `#compdef codex-mcp-server
_codex_mcp_server() {
  local -a candidates
  local line
  for line in "\${(@f)$("\${words[1]}" complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n $line ]] && candidates+=("\${line%%$'\\t'*}:\${line#*$'\\t'}")
  done
  if (( \${#candidates} )); then _describe 'codex-mcp-server' candidates; else _files; fi
}
if [[ $funcstack[1] == _codex-mcp-server ]]; then _codex_mcp_server "$@"; else compdef _codex_mcp_server codex-mcp-server; fi
`,
  fish: `# fish completion of codex-mcp-server
complete -c codex-mcp-server -f -a '(set -l words (commandline -opc); $words[1] complete -- $words[2..] (commandline -ct) 2>/dev/null)'
`,
};

export const completionCommand = defineCommand({
  name: "completion",
  group: "program",
  summary: "Print a completion script for a shell",
  operands: { usage: "<bash|zsh|fish>", min: 1, max: 1, kind: "shell" },
  examples: [
    ["completion bash > ~/.local/share/bash-completion/completions/codex-mcp-server", "Set up completion in bash"],
    ['completion zsh > "${fpath[1]}/_codex-mcp-server"', "Set up completion in zsh"],
    ["completion fish > ~/.config/fish/completions/codex-mcp-server.fish", "Set up completion in fish"],
  ],
  run: ({ operands: [shell = ""] }) => {
    const script = SCRIPTS[shell];
    if (script === undefined) {
      const names = Object.keys(SCRIPTS).join(", ");
      throw new AppError("invalid_argument", `There is no completion for "${shell}".`, `Choose one of ${names}.`);
    }
    printLines(script.trimEnd().split("\n"));
    return 0;
  },
});

/** Word that may come next, with its meaning. */
type Candidate = readonly [word: string, meaning: string];

/** Creates the command that the completion scripts call: it prints a line `word<tab>meaning` for each candidate. */
export function makeCompleteCommand(listCommands: () => readonly Command[]): Command {
  return defineCommand({
    name: "complete",
    summary: "Print the candidates for the last word of a command line",
    operands: { usage: "-- <words>", min: 0, max: Number.POSITIVE_INFINITY },
    examples: [],
    run: ({ operands }) => {
      // bash splits `--status=run` into three words.
      const words = operands.filter((word) => word !== "=");
      const prefix = words.at(-1) ?? "";
      for (const [word, meaning] of findCandidates(listCommands(), words.slice(0, -1), prefix)) {
        // The shell prints the candidates on its terminal; a word with invisible characters could not be chosen there.
        if (word.startsWith(prefix) && makeVisible(word) === word) {
          printLines([multiline(`${word}\t${makeVisible(meaning.replace(/\s+/g, " ").trim())}`)]);
        }
      }
      return 0;
    },
  });
}

function findCandidates(commands: readonly Command[], before: readonly string[], prefix: string): readonly Candidate[] {
  const [name, ...rest] = before;
  if (name === undefined) return namesOf(commands);
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) return [];
  const options = optionsOf(command);
  const last = rest.at(-1)?.replace(/^--/, "");
  const option = last === undefined ? undefined : options[last];
  if (option !== undefined && option.type !== "boolean") return (option.choices ?? []).map((choice) => [choice, ""]);
  if (prefix.startsWith("-")) return Object.entries(options).map(([each, { summary }]) => [`--${each}`, summary]);
  return findOperands(command, commands);
}

function findOperands({ operands }: Command, commands: readonly Command[]): readonly Candidate[] {
  switch (operands?.kind) {
    case "task":
      return listTasks();
    case "command":
      return namesOf(commands);
    case "client":
      return CLIENTS.map(({ id, title }) => [id, title]);
    case "shell":
      return Object.keys(SCRIPTS).map((shell) => [shell, ""]);
    default:
      return [];
  }
}

function namesOf(commands: readonly Command[]): readonly Candidate[] {
  return commands.filter(({ group }) => group !== undefined).map(({ name, summary }) => [name, summary]);
}

/** Maximum number of tasks that completion offers. */
const MAX_TASKS = 100;

function listTasks(): readonly Candidate[] {
  try {
    const tasks = queryTasks(openCommandContext().store, { limit: MAX_TASKS });
    return tasks.map(({ task_id, status, cwd }) => [task_id, `${status}, ${cwd}`]);
  } catch {
    return []; // The command itself reports the error.
  }
}
