import type { Side } from "../comments/line-comment.ts";
import { createLowlight } from "lowlight";
import { ALIASES, GRAMMARS } from "./grammars.ts";
import type { ParsedPatch, PatchLine, Token } from "./parse-patch.ts";

type Tree = ReturnType<ReturnType<typeof createLowlight>["highlight"]>;
type Child = Tree["children"][number];

let highlighter: ReturnType<typeof createLowlight> | undefined;

/** Largest patch that is highlighted, in characters. */
const MAX_PATCH = 64 * 1024;
/** Largest side of a hunk that is highlighted, in characters: it is one task of the page. */
const MAX_HUNK = 10 * 1024;

/** Finds the syntax of a patch's lines, a hunk at a time whenever the page has nothing else to do. @param onDone called if anything was found */
export function highlightPatch(path: string, patch: ParsedPatch, onDone: () => void): void {
  const language = findLanguage(path);
  const size = patch.unified.reduce((sum, { text }) => sum + text.length, 0);
  if (language === undefined || size > MAX_PATCH) return;
  const hunks = listHunks(patch.unified);
  const next = () => {
    const hunk = hunks.shift();
    if (hunk === undefined) return onDone();
    for (const side of ["old", "new"] as const) highlightSide(language, hunk, side);
    whenIdle(next);
  };
  whenIdle(next);
}

function whenIdle(run: () => void): void {
  // Safari does not have the first.
  if ("requestIdleCallback" in window) window.requestIdleCallback(run);
  else setTimeout(run);
}

function findLanguage(path: string): string | undefined {
  if (highlighter === undefined) {
    highlighter = createLowlight(GRAMMARS);
    highlighter.registerAlias(ALIASES);
  }
  const name = path.slice(path.lastIndexOf("/") + 1).toLowerCase();
  // A name without an end, such as Makefile, may be a language's.
  const language = name.slice(name.lastIndexOf(".") + 1);
  return highlighter.registered(language) ? language : undefined;
}

function listHunks(lines: readonly PatchLine[]): PatchLine[][] {
  const hunks: PatchLine[][] = [];
  for (const line of lines) {
    if (line.kind === "hunk") hunks.push([]);
    else hunks.at(-1)?.push(line);
  }
  return hunks;
}

function highlightSide(language: string, hunk: readonly PatchLine[], side: Side): void {
  const lines = hunk.filter((line) => line[side] !== undefined);
  const text = lines.map((line) => line.text).join("\n");
  if (text.length > MAX_HUNK || highlighter === undefined) return;
  for (const [index, tokens] of listTokens(highlighter.highlight(language, text)).entries()) {
    const line = lines[index];
    if (line !== undefined) line.tokens = tokens;
  }
}

/** Returns the coloured pieces of each line of a tree. */
function listTokens(tree: Tree): Token[][] {
  const lines: Token[][] = [[]];
  let at = 0;
  const visit = (node: Child, name: string | undefined) => {
    if (node.type === "element") {
      const { className } = node.properties;
      for (const child of node.children) visit(child, Array.isArray(className) ? className.join(" ") : name);
    } else if (node.type === "text") {
      for (const [index, piece] of node.value.split("\n").entries()) {
        if (index > 0) {
          lines.push([]);
          at = 0;
        }
        if (name !== undefined && piece !== "") lines.at(-1)?.push({ start: at, end: at + piece.length, name });
        at += piece.length;
      }
    }
  };
  for (const child of tree.children) visit(child, undefined);
  return lines;
}
