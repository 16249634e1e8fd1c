import { AppError } from "#base/errors.ts";
import type { Input } from "./command.ts";
import { printLines } from "#cli/terminal/output.ts";

// The scripts only pass on the words: complete.ts finds the candidates for all shells.
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

/** Prints a shell's completion script. */
export function completion({ operands: [wanted] }: Input): number {
  const script = SCRIPTS[wanted ?? ""];
  if (script === undefined) {
    throw new AppError(
      "invalid_argument",
      `There is no completion for "${wanted}".`,
      `Shells: ${Object.keys(SCRIPTS).join(", ")}.`,
    );
  }
  printLines(script.trimEnd().split("\n"));
  return 0;
}
