/** What a terminal multiplexer, and the shells that users open in it, need of an environment. */
const NEEDED =
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|PWD|LANG|LANGUAGE|LC_[A-Z]+|TERM|COLORTERM|TERMINFO|TERMINFO_DIRS|TZ|TMPDIR|TMUX|TMUX_TMPDIR|XDG_RUNTIME_DIR|LD_LIBRARY_PATH|XDG_CONFIG_HOME)$/;

/**
 * Returns the environment for tmux: its server keeps what it is started with and shows it to whoever asks
 * (`show-environment`), so no keys, no tokens and nothing of this server's own.
 */
export function multiplexerEnvironment(environment: Record<string, string | undefined>): Record<string, string> {
  const entries = Object.entries(environment).filter(([name]) => NEEDED.test(name));
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
