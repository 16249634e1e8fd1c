import { type ByteName, fromBytes } from "./byte-names.ts";

const ESCAPES: Record<string, string> = {
  "\u0007": "a",
  "\b": "b",
  "\t": "t",
  "\n": "n",
  "\v": "v",
  "\f": "f",
  "\r": "r",
  '"': '"',
  "\\": "\\",
};
const CHARACTERS = new Map(Object.entries(ESCAPES).map(([character, letter]) => [letter, character]));

/** Quotes a name as git does in a patch with `core.quotePath`: in double quotes with escapes if it has unusual bytes, else unchanged. */
export function quotePath(name: ByteName): string {
  // oxlint-disable-next-line no-control-regex -- bytes, each as the character of its number
  const escaped = name.replaceAll(/[\x00-\x1F"\\\x7F-\xFF]/g, (byte) => {
    const letter = ESCAPES[byte];
    return `\\${letter ?? byte.charCodeAt(0).toString(8).padStart(3, "0")}`;
  });
  return escaped === name ? name : `"${escaped}"`;
}

/** Returns the name that git's quoted form stands for, in which the quotes may be missing. */
export function unquotePath(text: string): ByteName {
  const inner = text.length > 1 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
  const bytes = fromBytes(Buffer.from(inner));
  return bytes.replaceAll(/\\([0-3][0-7]{2}|[abtnvfr"\\])/g, (_, code: string) =>
    code.length === 3 ? String.fromCharCode(Number.parseInt(code, 8)) : (CHARACTERS.get(code) ?? code),
  );
}
