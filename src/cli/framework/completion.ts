import { AppError } from "#base/errors.ts";
import { makeVisible } from "#base/visible-text.ts";
import { CLIENTS } from "#install/clients/client-table.ts";
import { printLines } from "#cli/terminal/output.ts";
import { multiline } from "#cli/terminal/style.ts";
import { type Command, defineCommand, type OptionSpec } from "./command.ts";
import { type Candidate, FILES, listChangedFiles, listValues } from "./completion-values.ts";
import { optionsOf } from "./parse-command-line.ts";

/** Completion scripts. They only pass the words to the command `complete`, which finds the candidates for all shells. */
const SCRIPTS: Record<string, string> = {
  bash: `# bash completion of codex-mcp-server
_codex_mcp_server() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      compopt -o default 2>/dev/null
    else
      printf -v line %q "\${line%%$'\\t'*}"
      COMPREPLY+=("$line")
    fi
  done < <("\${COMP_WORDS[0]}" complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _codex_mcp_server codex-mcp-server
`,
  zsh: `#compdef codex-mcp-server
_codex_mcp_server() {
  local -a candidates
  local line
  for line in "\${(@f)$("\${words[1]}" complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    if [[ $line == :files ]]; then
      compset -P '--*='
      _files
    elif [[ -n $line ]]; then
      candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
    fi
  done
  (( \${#candidates} )) && _describe 'codex-mcp-server' candidates
}
if [[ $funcstack[1] == _codex-mcp-server ]]; then _codex_mcp_server "$@"; else compdef _codex_mcp_server codex-mcp-server; fi
`,
  fish: `# fish completion of codex-mcp-server
function __codex_mcp_server_complete
  set -l words (commandline -opc)
  for line in ($words[1] complete -- $words[2..] (commandline -ct) 2>/dev/null)
    if test "$line" = :files
      set -l start (commandline -ct | string match -r '^--[^=]*=')
      for path in (__fish_complete_path (commandline -ct | string replace -r '^--[^=]*=' ''))
        echo "$start$path"
      end
    else
      echo $line
    end
  end
end
complete -c codex-mcp-server -f -a '(__codex_mcp_server_complete)'
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

/** Creates the command that the completion scripts call: it prints a line `word<tab>meaning` for each candidate. */
export function makeCompleteCommand(
  listCommands: () => readonly Command[],
  findCommand: (name: string, next?: string) => Command | undefined,
): Command {
  return defineCommand({
    name: "complete",
    summary: "Print the candidates for the last word of a command line",
    operands: { usage: "-- <words>", min: 0, max: Number.POSITIVE_INFINITY },
    examples: [],
    run: async ({ operands }) => {
      const { before, prefix, assignment } = splitWords(operands);
      for (const [word, meaning] of await findCandidates({ listCommands, findCommand }, before, prefix)) {
        if (word === FILES) printLines([FILES]);
        // The shell prints the candidates on its terminal; a word with invisible characters could not be chosen there.
        else if (word.startsWith(prefix) && makeVisible(word) === word) {
          printLines([multiline(`${assignment}${word}\t${makeVisible(meaning.replace(/\s+/g, " ").trim())}`)]);
        }
      }
      return 0;
    },
  });
}

/** Splits the words of a command line into those before the last one and the beginning to complete. */
function splitWords(words: readonly string[]): { before: string[]; prefix: string; assignment: string } {
  const last = words.at(-1) ?? "";
  const [, assigned, value = ""] = /^(--[^=]+)=(.*)$/s.exec(last) ?? [];
  // zsh and fish pass `--status=run` as one word, and replace it as a whole.
  if (assigned !== undefined) {
    return { before: [...words.slice(0, -1), assigned], prefix: value, assignment: `${assigned}=` };
  }
  // bash splits it into three.
  const before = words.slice(0, -1).filter((word) => word !== "=");
  return last === "=" ? { before, prefix: "", assignment: "" } : { before, prefix: last, assignment: "" };
}

/** Commands among which completion looks. */
interface CommandList {
  listCommands: () => readonly Command[];
  findCommand: (name: string, next?: string) => Command | undefined;
}

async function findCandidates(
  { listCommands, findCommand }: CommandList,
  before: readonly string[],
  prefix: string,
): Promise<readonly Candidate[]> {
  const [name, ...rest] = before;
  if (name === undefined) return namesOf(listCommands());
  const command = findCommand(name, rest[0] ?? prefix);
  if (command === undefined) return [];
  const options = optionsOf(command);
  const { operands, awaited } = readWords(options, rest);
  if (awaited !== undefined) {
    if (awaited.choices !== undefined) return awaited.choices.map((choice) => [choice, ""]);
    return awaited.kind === undefined ? [] : listValues(awaited.kind, operands, prefix);
  }
  if (prefix.startsWith("-")) return Object.entries(options).map(([each, { summary }]) => [`--${each}`, summary]);
  return findOperands(command, listCommands(), operands, prefix);
}

/** Returns the operands among words, and the option whose value comes next. */
function readWords(
  options: Record<string, OptionSpec>,
  words: readonly string[],
): { operands: string[]; awaited: OptionSpec | undefined } {
  const operands: string[] = [];
  let awaited: OptionSpec | undefined;
  for (const word of words) {
    const isValue = awaited !== undefined;
    awaited = undefined;
    if (isValue) continue;
    if (!word.startsWith("-")) operands.push(word);
    else {
      const option = Object.entries(options).find(([name, { short }]) => word === `--${name}` || word === `-${short}`);
      if (option !== undefined && option[1].type !== "boolean") [, awaited] = option;
    }
  }
  return { operands, awaited };
}

async function findOperands(
  { operands: spec }: Command,
  commands: readonly Command[],
  before: readonly string[],
  prefix: string,
): Promise<readonly Candidate[]> {
  if (spec === undefined || before.length >= spec.max) return [];
  switch (spec.kind) {
    case undefined:
      return [];
    case "command":
      return namesOf(commands);
    case "client":
      return CLIENTS.map(({ id, title }) => [id, title]);
    case "shell":
      return Object.keys(SCRIPTS).map((shell) => [shell, ""]);
    case "task and changed files":
      return before.length === 0 ? listValues("task", before, prefix) : listChangedFiles(before);
    default:
      return spec.max === 2 && before.length > 0 ? [] : listValues(spec.kind, before, prefix);
  }
}

function namesOf(commands: readonly Command[]): readonly Candidate[] {
  return commands.filter(({ group }) => group !== undefined).map(({ name, summary }) => [name, summary]);
}
