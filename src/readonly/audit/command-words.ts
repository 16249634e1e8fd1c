import type { CommandNode, Redirection, Word } from "unbash";
import { expandParts, expandWord, expandWords } from "./expand.ts";
import type { Scope } from "./scope.ts";
import { known, type Value, hasOption, operandsOf } from "./value.ts";

/** Folders of the system's programs; a program elsewhere may be anything, whatever its name. */
const PROGRAM_FOLDERS = /^(?:\/usr(?:\/local)?)?\/s?bin\/[^/]+$|^\/opt\/homebrew\/bin\/[^/]+$/;

/** Returns the words of a command as the shell would pass them to its program. */
export function wordsOf(node: Extract<CommandNode, { type: "Command" }>, scope: Scope): Value[] {
  const toValues = (word: Word) => expandWords(word, scope);
  const args = node.args.flatMap((arg) => (arg.type === "Word" ? toValues(arg) : [known(arg.text)]));
  return node.name === undefined ? args : [...toValues(node.name), ...args];
}

/** Returns the text of a heredoc or here-string; the text of a file is undefined, since its content is not known. */
export function inputOf(redirects: readonly Redirection[], scope: Scope): { text: string | undefined } | undefined {
  const last = redirects.findLast((redirect) => redirect.type !== "Redirect" || redirect.operator === "<");
  if (last === undefined) return undefined;
  if (last.type === "HereDoc") {
    const body = expandParts(last.body.text, last.body.parts, scope);
    return { text: body.isKnown ? body.text : undefined };
  }
  if (last.type === "Redirect" || last.target === undefined) return { text: undefined };
  const value = expandWord(last.target, scope);
  return { text: value.isKnown ? value.text : undefined };
}

/** Returns a program's name without its folder; undefined if it is one of the user's own. */
export function programName(path: string): string | undefined {
  if (!path.includes("/")) return path;
  return PROGRAM_FOLDERS.test(path) ? path.slice(path.lastIndexOf("/") + 1) : undefined;
}

/** Returns the output of a command that is commonly used to pass a script to a shell; undefined for any other command. */
export function knownOutput(words: readonly Value[], stdin: string | undefined): string | undefined {
  const [program, ...args] = words;
  if (program === undefined || !words.every(({ isKnown }) => isKnown)) return undefined;
  switch (program.text) {
    case "echo":
      return `${args
        .filter(({ text }) => !/^-[neE]+$/.test(text))
        .map(({ text }) => text)
        .join(" ")}\n`;
    case "printf": {
      const [format = "", value] = args.map(({ text }) => text);
      return value === undefined ? format : format.replaceAll("%s", value);
    }
    case "cat":
      return operandsOf(args).length === 0 ? stdin : undefined;
    case "base64":
      return hasOption(args, "-d", "-D", "--decode") && stdin !== undefined
        ? Buffer.from(stdin, "base64").toString("utf8")
        : undefined;
    default:
      return undefined;
  }
}

/** Variables by which a known program runs other programs, or has code loaded into it. */
const PROGRAM_VARIABLE =
  /^(?:PATH|LD_\w+|DYLD_\w+|BASH_ENV|ENV|SHELLOPTS|PROMPT_COMMAND|\w*PAGER|\w*EDITOR|VISUAL|GIT_\w+|SSH_ASKPASS|LESS(?:OPEN|CLOSE)|PYTHON\w+|PERL5\w+|RUBY\w+|NODE_\w+|RIPGREP_CONFIG_PATH)$/;

/** Values of these variables that run only known programs. */
const HARMLESS_VALUE = /^["']?(?:cat|less|true|[01]|)["']?$/;

/** Returns whether an assignment (`PATH=./bin:$PATH`) may make a known name run another program. @param text the whole assignment */
export function decidesPrograms({ name, text }: { name: string; text: string }): boolean {
  return PROGRAM_VARIABLE.test(name) && !HARMLESS_VALUE.test(text.slice(text.indexOf("=") + 1));
}
