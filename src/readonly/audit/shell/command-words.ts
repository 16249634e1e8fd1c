import type { Command, Redirection, Word } from "unbash";
import { UNKNOWN_VALUE, type Value } from "#readonly/audit/value.ts";
import { expandAssignment, expandParts, expandWord, expandWords } from "./expand.ts";
import type { Scope } from "./scope.ts";

/** Folders of the system's programs; a program elsewhere may be anything, whatever its name. */
const PROGRAM_FOLDERS = /^(?:\/usr(?:\/local)?)?\/s?bin\/[^/]+$|^\/opt\/homebrew\/bin\/[^/]+$/;

/** Returns the words of a command as the shell would pass them to its program. */
export function wordsOf(node: Command, scope: Scope): Value[] {
  const args = node.args.flatMap((arg) => {
    if (arg.type === "Word") return expandWords(arg, scope);
    const { text, isKnown } = expandAssignment(arg, scope);
    // Unlike a plain assignment, a declaration expands braces, and the last word counts.
    const hasBraces =
      arg.value.type === "Word" && arg.value.parts?.some(({ type }) => type === "BraceExpansion") === true;
    return { text: `${arg.name}=${text}`, isKnown: isKnown && !hasBraces };
  });
  return node.name === undefined ? args : [...nameOf(node.name, scope), ...args];
}

/** Returns the words of a command's name; the shell may find any program by a pattern. */
function nameOf(name: Word, scope: Scope): Value[] {
  const isPattern = name.parts?.some(({ type }) => type === "Glob" || type === "ExtendedGlob") === true;
  return isPattern ? [UNKNOWN_VALUE] : expandWords(name, scope);
}

/** Returns the text of a heredoc or here-string; the text of a file is undefined, since its content is not known. */
export function inputOf(redirects: readonly Redirection[], scope: Scope): { text: string | undefined } | undefined {
  const inputs = redirects.filter((redirect) => redirect.type !== "Redirect" || /^<[>&]?$/.test(redirect.operator));
  const last = inputs.at(-1);
  if (last === undefined) return undefined;
  if (inputs.length > 1 || last.type === "Redirect" || last.descriptor !== undefined) return { text: undefined };
  if (last.type === "HereString") {
    const value = last.target === undefined ? UNKNOWN_VALUE : expandWord(last.target, scope);
    return { text: value.isKnown ? value.text : undefined };
  }
  const body = expandParts(last.body.text, last.body.parts, scope);
  return { text: body.isKnown ? withoutTabs(body.text, last.operator) : undefined };
}

function withoutTabs(text: string, operator: "<<" | "<<-"): string {
  return operator === "<<-" ? text.replaceAll(/^\t+/gm, "") : text;
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
  const texts = args.map(({ text }) => text);
  switch (program.text) {
    case "echo":
      return echoed(texts);
    case "printf":
      return printed(texts);
    case "cat":
      return texts.length === 0 ? stdin : undefined;
    case "base64":
      return /^(?:-d|-D|--decode)$/.test(texts.join(" ")) && stdin !== undefined ? decode(stdin) : undefined;
    default:
      return undefined;
  }
}

/** Returns what `echo` prints; some shells' `echo` reads escapes. */
function echoed(texts: readonly string[]): string | undefined {
  const first = texts.findIndex((text) => !/^-[neE]+$/.test(text));
  const rest = first < 0 ? [] : texts.slice(first);
  return rest.some((text) => text.includes("\\")) ? undefined : `${rest.join(" ")}\n`;
}

function printed(texts: readonly string[]): string | undefined {
  const [format = "", value, ...more] = texts;
  if (more.length > 0) return undefined;
  const line = format.replaceAll("\\n", "\n");
  if (/^%s\n?$/.test(line)) return line.replace("%s", () => value ?? "");
  return value === undefined && !/[%\\]/.test(line) ? line : undefined;
}

function decode(text: string): string | undefined {
  return /^[\w+/=\s]*$/.test(text) ? Buffer.from(text, "base64").toString("utf8") : undefined;
}

/** Returns words as the text of a command; words that are not known become a variable without a value. */
export function toShellText(words: readonly Value[]): string {
  const quote = ({ text, isKnown }: Value) => (isKnown ? `'${text.replaceAll("'", `'"'"'`)}'` : '"$__unknown__"');
  return words.map(quote).join(" ");
}
