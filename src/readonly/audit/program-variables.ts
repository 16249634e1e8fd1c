/** Variables by which a program that is known runs others, or code that is loaded into it. */
const PROGRAM_VARIABLE =
  /^(?:PATH|LD_\w+|DYLD_\w+|BASH_ENV|ENV|SHELLOPTS|PROMPT_COMMAND|\w*PAGER|\w*EDITOR|VISUAL|GIT_\w+|SSH_ASKPASS|LESS(?:OPEN|CLOSE)|PYTHON\w+|PERL5\w+|RUBY\w+|NODE_\w+|RIPGREP_CONFIG_PATH)$/;

/** Values of them by which nothing is run but what is known. */
const HARMLESS_VALUE = /^["']?(?:cat|less|true|[01]|)["']?$/;

/** Whether an assignment (`PATH=./bin:$PATH`) may make a known name run something else. @param text the whole of it */
export function decidesPrograms({ name, text }: { name: string; text: string }): boolean {
  return PROGRAM_VARIABLE.test(name) && !HARMLESS_VALUE.test(text.slice(text.indexOf("=") + 1));
}
