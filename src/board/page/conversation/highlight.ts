/** Name of the highlight in the style sheet. */
const NAME = "sought";
/** Largest number of places that are highlighted. */
const MAX_RANGES = 500;

/** Highlights a text wherever it occurs in an element, in upper or lower case, without changing the document. */
export function highlightText(root: Element | null, text: string): void {
  if (!("highlights" in CSS)) return;
  CSS.highlights.delete(NAME);
  const wanted = text.toLowerCase();
  if (wanted === "" || root === null) return;
  const ranges: Range[] = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walker.nextNode() !== null && ranges.length < MAX_RANGES) addRanges(walker.currentNode, wanted, ranges);
  if (ranges.length > 0) CSS.highlights.set(NAME, new Highlight(...ranges));
}

function addRanges(node: Node, wanted: string, ranges: Range[]): void {
  const length = node.nodeValue?.length ?? 0;
  const text = (node.nodeValue ?? "").toLowerCase();
  // Some letters have another length in lower case.
  if (text.length !== length) return;
  for (let at = text.indexOf(wanted); at >= 0 && ranges.length < MAX_RANGES; at = text.indexOf(wanted, at + 1)) {
    const range = document.createRange();
    range.setStart(node, at);
    range.setEnd(node, at + wanted.length);
    ranges.push(range);
  }
}
