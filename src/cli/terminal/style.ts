import { makeVisible } from "#base/visible-text.ts";

const STYLES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
const RESET = "\u001B[0m";

/** Control sequences other than styles. This program sends only these and the styles. */
const CONTROLS = {
  "enter screen": "\u001B[?1049h\u001B[?25l", // alternate screen, without the cursor
  "leave screen": "\u001B[?25h\u001B[?1049l",
  // A terminal with synchronized output shows everything between these two at once.
  "begin frame": "\u001B[?2026h\u001B[H",
  "end frame": "\u001B[K\u001B[J\u001B[?2026l",
  "next line": "\u001B[K\r\n",
  // Mouse, keyboard protocols, alternate screen, bracketed paste, focus reports, cursor.
  "reset modes":
    "\u001B[?1006l\u001B[?1015l\u001B[?1003l\u001B[?1002l\u001B[?1000l\u001B[<u\u001B[?1007l\u001B[?1049l" +
    "\u001B[>4;0m\u001B[?2004l\u001B[?1004l\u001B[0m\u001B[0 q\u001B[?25h",
  bell: "\u0007",
  "begin notification": "\u001B]9;", // of the desktop, up to a bell
  "begin titled notification": "\u001B]777;notify;Codex;", // the same in another form
} as const;

/** Style of a text; `plain` changes nothing, `sgr:…` is a colour that the user has chosen, by {@link userStyle}. */
export type Style = keyof typeof STYLES | "plain" | `sgr:${string}`;

/** Name of a control sequence. */
export type Control = keyof typeof CONTROLS;

/** Piece of a text. */
interface Piece {
  /** Text for terminals, where invisible characters are made visible. */
  text: string;
  /** Text for pipes and files, unchanged. */
  piped: string;
  style: Style;
  /** Whether line feeds and tabs are layout, not part of a name. */
  isMultiline: boolean;
}

/**
 * Text with styles. Only {@link render} converts it to a string, so that no control characters other than this program's reach a
 * terminal, whatever the source of the text.
 */
export class StyledText {
  readonly pieces: readonly (Piece | { control: Control })[];

  constructor(pieces: readonly (Piece | { control: Control })[]) {
    this.pieces = pieces;
  }
}

/** Printable text. A plain string is one line of unknown origin. */
export type Text = string | StyledText;

/** Medium on which a text is shown. */
export interface Medium {
  isTerminal: boolean;
  hasColour: boolean;
}

/** Converts a text to a string. No other function converts styles to control sequences. */
export function render(text: Text, { isTerminal, hasColour }: Medium): string {
  return piecesOf(text)
    .map((piece) => {
      if ("control" in piece) return isTerminal ? CONTROLS[piece.control] : "";
      if (!isTerminal) return piece.piped;
      const visible = makeVisible(piece.text, piece.isMultiline);
      if (piece.style === "plain" || visible === "" || !hasColour) return visible;
      return `\u001B[${codesOf(piece.style)}m${visible}${RESET}`;
    })
    .join("");
}

function codesOf(style: Exclude<Style, "plain">): number | string {
  return isOwnStyle(style) ? STYLES[style] : style.slice("sgr:".length);
}

function isOwnStyle(style: string): style is keyof typeof STYLES {
  return Object.hasOwn(STYLES, style);
}

/** Returns the style for the parameters of an SGR sequence, such as `1;38;5;208`; `plain` for anything else. */
export function userStyle(codes: string): Style {
  return /^\d{1,3}(?:;\d{1,3}){0,15}$/.test(codes) ? `sgr:${codes}` : "plain";
}

/** Joins texts and strings: compose`${paint(name, "bold")}: ${message}`. */
export function compose(strings: TemplateStringsArray, ...values: readonly (Text | number)[]): StyledText {
  const parts = strings.flatMap((words, index) => {
    const value = values[index] ?? "";
    return [words, typeof value === "number" ? String(value) : value];
  });
  return join(parts, "");
}

/** Joins texts with a separator. */
export function join(texts: readonly Text[], separator: string): StyledText {
  return new StyledText(
    texts.flatMap((each, index) => [...(index === 0 ? [] : piecesOf(separator)), ...piecesOf(each)]),
  );
}

/** Applies a style to a text, except to parts that already have one. */
export function paint(text: Text, style: Style): StyledText {
  return changePieces(text, (piece) => (piece.style === "plain" ? { ...piece, style } : piece));
}

/** Marks a text's line feeds and tabs as layout. */
export function multiline(text: Text): StyledText {
  return changePieces(text, (piece) => ({ ...piece, isMultiline: true }));
}

/** Returns a control sequence as a text, which is empty in a pipe. */
export function control(name: Control): StyledText {
  return new StyledText([{ control: name }]);
}

/** Returns a text without control characters other than tabs and line feeds in pipes; a terminal gets them in a visible form. */
export function withoutControls(text: string): StyledText {
  return single(text, removeControls(text));
}

/** Indents all lines but the first on a terminal, so that none looks like this program's own line; a pipe gets the text unchanged. */
export function hangingIndent(text: Text): StyledText {
  return changePieces(text, (piece) => ({ ...piece, text: piece.text.replaceAll("\n", "\n  "), isMultiline: true }));
}

/** Returns a text in one line, without control characters in pipes. */
export function inOneLine(text: string): StyledText {
  const line = text.replace(/\s+/g, " ");
  return single(line.trim(), removeControls(line).trim());
}

/** Returns the visible form of a text in one line, piece by piece. */
export function visiblePieces(text: Text): { words: string; style: Style }[] {
  return piecesOf(text).flatMap((piece) =>
    "control" in piece ? [] : [{ words: makeVisible(piece.text), style: piece.style }],
  );
}

/** Removes spaces at the end of a text. */
export function trimEnd(text: Text): StyledText {
  const pieces = [...piecesOf(text)];
  for (let last = pieces.pop(); last !== undefined; last = pieces.pop()) {
    if ("control" in last) return new StyledText([...pieces, last]);
    const rest = { ...last, text: last.text.trimEnd(), piped: last.piped.trimEnd() };
    if (rest.text !== "" || rest.piped !== "") return new StyledText([...pieces, rest]);
  }
  return new StyledText([]);
}

function changePieces(text: Text, apply: (piece: Piece) => Piece): StyledText {
  return new StyledText(piecesOf(text).map((piece) => ("control" in piece ? piece : apply(piece))));
}

function piecesOf(text: Text): StyledText["pieces"] {
  if (typeof text !== "string") return text.pieces;
  return text === "" ? [] : single(text, text).pieces;
}

function single(text: string, piped: string): StyledText {
  return new StyledText([{ text, piped, style: "plain", isMultiline: false }]);
}

function removeControls(text: string): string {
  // oxlint-disable-next-line no-control-regex -- removes control characters
  return text.replace(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g, "");
}
