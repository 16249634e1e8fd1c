/** Environment variables needed by a terminal multiplexer and the shells that users open in it. */
const KEPT_VARIABLES =
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|PWD|LANG|LANGUAGE|LC_[A-Z]+|TERM|COLORTERM|TERMINFO|TERMINFO_DIRS|TZ|TMPDIR|TMUX|TMUX_TMPDIR|XDG_RUNTIME_DIR|LD_LIBRARY_PATH|XDG_CONFIG_HOME)$/;

/**
 * Returns the environment for tmux: its server keeps its initial environment and shows it to all clients (`show-environment`), so it must
 * contain no keys, no tokens and no variables of this server.
 */
export function multiplexerEnvironment(environment: Record<string, string | undefined>): Record<string, string> {
  const entries = Object.entries(environment).filter(([name]) => KEPT_VARIABLES.test(name));
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
