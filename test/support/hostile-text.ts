import type { Dice } from "./random-worktree.ts";

/** Ranges of characters that a terminal obeys, hides, or draws as nothing: written down here, not taken from the product. */
const HIDDEN: readonly (readonly [from: number, to: number])[] = [
  [0x00, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x61c, 0x61c],
  [0x180e, 0x180e],
  [0x200b, 0x200b],
  [0x200e, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0xd800, 0xdfff],
  [0xfeff, 0xfeff],
  [0xfff9, 0xfffb],
  [0xe0000, 0xe007f],
];

/** All that this program may send a terminal beside visible characters. */
const OWN_SEQUENCES =
  // oxlint-disable-next-line no-control-regex -- control sequences are what this is about
  /\u001B\[(?:0|1|2|7|31|32|33|34|36)m|\u001B\[(?:H|J|K)|\u001B\[\?(?:25|1049|2026)[hl]|\r(?=\n)|\n|\t/g;

/** What a terminal got that is neither to be seen nor the program's own, as text; empty where all is well. */
export function findHidden(output: Buffer): string {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(output);
  } catch {
    return `no UTF-8: ${JSON.stringify(output.toString("latin1"))}`;
  }
  const rest = text.replace(OWN_SEQUENCES, "");
  const found = Array.from(rest).filter((character) => isHidden(character.codePointAt(0) ?? 0));
  return found.length === 0 ? "" : JSON.stringify({ found, text: rest });
}

function isHidden(code: number): boolean {
  return HIDDEN.some(([from, to]) => code >= from && code <= to);
}

/** One of each kind: clipboard, title, cursor, C1, both ends of a bidi override, invisible, tags, line separator. */
export const HOSTILE =
  "\u001B]52;c;aGk=\u0007\u001B[2J\u009B31mred\u202Etxt\u2066x\u200Bz\u{E0041}\u2028.\u061C\u007F\u0008";

/** A text of random characters of all kinds; no NUL, which no file name and no argument can hold. */
export function randomText(dice: Dice, length: number): string {
  return Array.from({ length }, () => randomCharacter(dice)).join("");
}

function randomCharacter(dice: Dice): string {
  const kind = dice.below(4);
  if (kind === 0) return String.fromCharCode(0x20 + dice.below(0x5f));
  if (kind === 1) {
    const [from, to] = dice.of(HIDDEN);
    return String.fromCodePoint(Math.max(1, from + dice.below(to - from + 1)));
  }
  return kind === 2 ? dice.of(SEQUENCES) : String.fromCodePoint(1 + dice.below(0x10ffff));
}

const SEQUENCES = [
  "\u001B[31m",
  "\u001B[0m",
  "\u001B]0;title\u0007",
  "\u001BP",
  "\r\n",
  "\n",
  "\t",
  "👨‍👩‍👧",
  "名前",
  "é",
  "✔️",
];
