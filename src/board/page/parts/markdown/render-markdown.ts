import DOMPurify from "dompurify";
import { Marked, type Tokens } from "marked";
import { makeVisible } from "#base/visible-text.ts";

const marked = new Marked({
  gfm: true,
  renderer: {
    // HTML of the author is shown as text.
    html: ({ text }: Tokens.HTML | Tokens.Tag) => escapeHtml(text),
    // Images would be requests to other hosts.
    image: ({ href, text }) => toLink(href, escapeHtml(text === "" ? href : text)),
    link({ href, tokens }) {
      return toLink(href, this.parser.parseInline(tokens));
    },
    heading({ depth, tokens }) {
      // The page has headings of its own above.
      const level = Math.min(6, depth + 2);
      return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>`;
    },
    checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
  },
});

/** Elements and attributes that rendered Markdown may have. */
const ALLOWED_TAGS =
  "p br hr h3 h4 h5 h6 strong em del code pre blockquote a ul ol li table thead tbody tr th td".split(" ");
const ALLOWED_ATTR = ["href", "start"];
const LINK = /^(?:https?:\/\/|mailto:)/i;

/**
 * Renders Markdown that others wrote, without anything that runs or loads.
 * @returns undefined if it cannot be rendered, such as if it is nested too deeply
 */
export function renderMarkdown(text: string): DocumentFragment | undefined {
  let html: string;
  try {
    html = marked.parse(text, { async: false });
  } catch {
    return undefined;
  }
  const fragment = DOMPurify.sanitize(html, {
    ALLOWED_TAGS,
    ALLOWED_ATTR,
    ALLOWED_URI_REGEXP: LINK,
    ALLOW_ARIA_ATTR: false,
    ALLOW_DATA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  });
  finish(fragment);
  return fragment;
}

/** Makes hidden characters visible, also those that were written as entities, and sets how links open. */
function finish(fragment: DocumentFragment): void {
  const walker = document.createTreeWalker(fragment, NodeFilter.SHOW_TEXT);
  while (walker.nextNode() !== null) {
    const node = walker.currentNode;
    const visible = makeVisible(node.nodeValue ?? "", true);
    if (visible !== node.nodeValue) node.nodeValue = visible;
  }
  for (const link of fragment.querySelectorAll("a")) {
    link.target = "_blank";
    link.rel = "noreferrer noopener";
  }
  // A part that scrolls must be reachable by keyboard.
  for (const part of fragment.querySelectorAll<HTMLElement>("pre, table")) part.tabIndex = 0;
}

/** Returns a link if it leads to a page or an address; otherwise its text, and the target where it says more. */
function toLink(href: string, content: string): string {
  if (LINK.test(href) && URL.canParse(href)) return `<a href="${escapeHtml(href)}">${content}</a>`;
  const target = escapeHtml(href);
  if (target === "" || content.includes(target)) return content;
  return target.includes(content) ? `<code>${target}</code>` : `${content} (<code>${target}</code>)`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}
