/** Longest piece that is rendered at once, in characters: the renderer takes more than linear time for some texts. */
const MAX_PIECE = 8 * 1024;

/** Piece of a Markdown text. */
export interface MarkdownPiece {
  text: string;
  /** Set if it is too long to be rendered as Markdown. */
  isPlain: boolean;
}

/**
 * Splits a Markdown text into pieces that can be rendered one after the other: at blank lines outside of code blocks. Together they are the
 * text.
 */
export function splitMarkdown(text: string): MarkdownPiece[] {
  if (text.length <= MAX_PIECE) return [{ text, isPlain: false }];
  const pieces: string[] = [];
  let piece = "";
  for (const block of splitBlocks(text)) {
    if (piece !== "" && piece.length + block.length > MAX_PIECE) {
      pieces.push(piece);
      piece = "";
    }
    piece += block;
  }
  return [...pieces, piece].map((part) => ({ text: part, isPlain: part.length > MAX_PIECE }));
}

/** Splits a text after each blank line that is not in a fenced code block. */
function splitBlocks(text: string): string[] {
  const blocks: string[] = [];
  let block = "";
  let fence: string | undefined;
  for (const line of text.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
    const [, mark] = /^ {0,3}(`{3,}|~{3,})/.exec(line) ?? [];
    if (fence === undefined) fence = mark;
    else if (mark?.startsWith(fence) === true && line.trim() === mark) fence = undefined;
    block += line;
    if (fence === undefined && line.trim() === "") {
      blocks.push(block);
      block = "";
    }
  }
  return block === "" ? blocks : [...blocks, block];
}

/** Returns the beginning of a text, up to the end of a paragraph or line, if it is longer than a limit in characters or lines. */
export function takeBeginning(text: string, maxLength: number, maxLines: number): string {
  let end = 0;
  for (let line = 0; line < maxLines && end >= 0; line++) end = text.indexOf("\n", end + 1);
  const limit = Math.min(maxLength, end < 0 ? text.length : end);
  if (limit >= text.length) return text;
  const start = text.slice(0, limit);
  const paragraph = start.lastIndexOf("\n\n");
  const line = start.lastIndexOf("\n");
  const cut = paragraph > limit / 2 ? paragraph : line > limit / 2 ? line : limit;
  return start.slice(0, cut).toWellFormed();
}
