import type { CommandNode, Redirection, Word } from "unbash";
import { expandParts, expandWord, expandWords } from "./expand.ts";
import type { Scope } from "./scope.ts";
import { known, type Value } from "./value.ts";

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
