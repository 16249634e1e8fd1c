import type { Word, WordPart } from "unbash";
import { known, UNKNOWN_VALUE, type Value } from "#readonly/audit/value.ts";

/** Maximum number of words that a brace expansion is followed to. */
const MAX_WORDS = 64;

/**
 * Expands the braces of a word (`{a,b}c`: `ac bc`).
 * @returns undefined if it has none; one unknown value if there are too many, or they hold more than plain text
 */
export function expandBraces({ parts = [] }: Word): Value[] | undefined {
  if (!parts.some(({ type }) => type === "BraceExpansion")) return undefined;
  let words = [""];
  for (const part of parts) {
    const texts = textsOf(part);
    if (texts === undefined || words.length * texts.length > MAX_WORDS) return [unclear(words)];
    words = words.flatMap((word) => texts.map((text) => word + text));
  }
  // An empty word is none, unless something of it is quoted.
  const isQuoted = parts.some(({ type }) => type === "SingleQuoted");
  return words.filter((word) => word !== "" || isQuoted).map(known);
}

function unclear(words: readonly string[]): Value {
  const isOperand = words.every((word) => word !== "" && !word.startsWith("-"));
  return { ...UNKNOWN_VALUE, isSplit: true, ...(isOperand && { isOperand: true as const }) };
}

function textsOf(part: WordPart): readonly string[] | undefined {
  switch (part.type) {
    case "Literal":
    case "SingleQuoted":
      return [part.value];
    case "Glob":
      return [part.text];
    case "BraceExpansion":
      return /^\{[^{}"'$`\\]*\}$/.test(part.text) ? alternatives(part.text.slice(1, -1)) : undefined;
    default:
      return undefined;
  }
}

function alternatives(list: string): readonly string[] | undefined {
  const range = /^(\d{1,9})\.\.(\d{1,9})$/.exec(list);
  if (range === null) return list.includes(",") ? list.split(",") : undefined;
  const [from, to] = [Number(range[1]), Number(range[2])];
  const length = Math.abs(to - from) + 1;
  if (length > MAX_WORDS || /^0\d/.test(list)) return undefined;
  return Array.from({ length }, (_, index) => String(from < to ? from + index : from - index));
}
