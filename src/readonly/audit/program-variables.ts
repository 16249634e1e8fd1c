/** Variables by which a known program runs other programs, or has code loaded into it. */
const PROGRAM_VARIABLE =
  /^(?:PATH|LD_\w+|DYLD_\w+|BASH_ENV|ENV|SHELLOPTS|PROMPT_COMMAND|\w*PAGER|\w*EDITOR|VISUAL|GIT_\w+|SSH_ASKPASS|LESS(?:OPEN|CLOSE)|PYTHON\w+|PERL5\w+|RUBY\w+|NODE_\w+|RIPGREP_CONFIG_PATH)$/;

/** Values of these variables that run only known programs. */
const HARMLESS_VALUE = /^["']?(?:cat|less|true|[01]|)["']?$/;

/** Returns whether an assignment (`PATH=./bin:$PATH`) may make a known name run another program. @param text the whole assignment */
export function decidesPrograms({ name, text }: { name: string; text: string }): boolean {
  return PROGRAM_VARIABLE.test(name) && !HARMLESS_VALUE.test(text.slice(text.indexOf("=") + 1));
}
