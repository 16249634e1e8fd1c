// Checks the documents: relative links and their anchors have a target, each page is linked from another one, and the READMEs are
// short. Needs no network.
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";

/** The largest size of a README in bytes. */
export const README_MAX_BYTES = 9216;

const DOCUMENTS = ["*.md", "llms.txt", "docs/**/*.md", "examples/*.md"];
const FENCE = /^ {0,3}(`{3,}|~{3,})[\s\S]*?(?:^ {0,3}\1[`~]*[ \t]*$|(?![\s\S]))/gm;
const COMMENT = /<!--[\s\S]*?-->/g;
const CODE = /(`+)(?!`)[\s\S]*?[^`]\1(?!`)/g;
const DESTINATION = String.raw`\s*(<[^<>\n]*>|(?:[^\s()<]|\([^\s()]*\))*)`;
const INLINE = new RegExp(String.raw`\]\(${DESTINATION}(?:\s+["'(][^\n]*?)?\s*\)`, "g");
const REFERENCE = new RegExp(String.raw`^ {0,3}\[[^\]^][^\]]*\]:${DESTINATION}`, "gm");
const ATTRIBUTE = /<[a-z][^<>]*?\s(?:href|src)="([^"]*)"/gi;
const SCHEME = /^(?:[a-z][a-z0-9+.-]*:|\/\/)/i;

/** Returns a sentence for each fault in the documents of a folder. */
export function checkDocuments(root: string): string[] {
  const names = DOCUMENTS.flatMap((pattern) => Array.from(new Bun.Glob(pattern).scanSync({ cwd: root }))).toSorted();
  const documents = names.map((name) => ({ name, links: findLinks(readFileSync(join(root, name), "utf8")) }));
  const faults = documents.flatMap(({ name, links }) => checkSize(root, name).concat(checkLinks(root, name, links)));
  return [...faults, ...findOrphans(root, documents)];
}

interface Document {
  name: string;
  links: string[];
}

function checkSize(root: string, name: string): string[] {
  if (!/^README[^/]*\.md$/.test(name)) return [];
  const { size } = statSync(join(root, name));
  return size > README_MAX_BYTES ? [`${name}: ${size} bytes, ${README_MAX_BYTES} are allowed.`] : [];
}

/** Returns the destinations of a document's links to files and headings. */
function findLinks(markdown: string): string[] {
  const text = withoutCode(markdown);
  const links = [INLINE, REFERENCE, ATTRIBUTE].flatMap((pattern) =>
    [...text.matchAll(pattern)].map(([, link = ""]) => link.replace(/^<(.*)>$/, "$1")),
  );
  return links.filter((link) => !SCHEME.test(link));
}

function checkLinks(root: string, name: string, links: readonly string[]): string[] {
  return links.flatMap((link) => {
    const fault = findFault(root, name, link);
    return fault === undefined ? [] : [`${name}: ${link}: ${fault}.`];
  });
}

/** Returns a sentence for each page in docs/ that no other document links to, by itself or by its folder. */
function findOrphans(root: string, documents: readonly Document[]): string[] {
  const linked = new Set<string>();
  for (const { name, links } of documents) {
    for (const link of links) {
      const path = relative(root, resolveLink(root, name, link).path);
      if (path !== name) linked.add(path);
    }
  }
  const isOrphan = ({ name }: Document) =>
    name.startsWith("docs/") && !linked.has(name) && (dirname(name) === "docs" || !linked.has(dirname(name)));
  return documents.filter(isOrphan).map(({ name }) => `${name}: no document links to it.`);
}

/** Returns the path that a link in a document names, and its anchor. */
function resolveLink(root: string, name: string, link: string): { path: string; anchor: string | undefined } {
  const [file = "", anchor] = link.split(/#(.*)/s).map(decode);
  // As on GitHub, a slash at the beginning means the repository's root.
  const folder = file.startsWith("/") ? root : dirname(join(root, name));
  return { path: file === "" ? join(root, name) : resolve(folder, `./${file}`), anchor };
}

function findFault(root: string, name: string, target: string): string | undefined {
  const { path, anchor } = resolveLink(root, name, target);
  if (relative(root, path).split(sep)[0] === "..") return "outside of the repository";
  if (!existsSync(path)) return "no such file";
  if (anchor === undefined) return target === "" ? "empty link" : undefined;
  if (!path.endsWith(".md")) return undefined;
  return findAnchors(readFileSync(path, "utf8")).has(anchor) ? undefined : "no such heading";
}

/** Returns the anchors that GitHub gives a document's headings. */
export function findAnchors(markdown: string): Set<string> {
  const anchors = new Set<string>();
  const text = markdown.replaceAll(FENCE, "").replaceAll(COMMENT, "");
  for (const [, heading = ""] of text.matchAll(/^ {0,3}#{1,6}[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$/gm)) {
    const words = heading.replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const anchor = words.replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, "").replaceAll(" ", "-");
    let unique = anchor;
    for (let count = 1; anchors.has(unique); count++) unique = `${anchor}-${count}`;
    anchors.add(unique);
  }
  for (const [, id = ""] of text.matchAll(/<[a-z][^<>]*?\s(?:id|name)="([^"]*)"/gi)) anchors.add(id);
  return anchors;
}

function withoutCode(markdown: string): string {
  return markdown.replaceAll(FENCE, "").replaceAll(COMMENT, "").replaceAll(CODE, "code");
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

if (import.meta.main) {
  const faults = checkDocuments(join(import.meta.dir, ".."));
  for (const fault of faults) console.error(fault);
  process.exit(faults.length === 0 ? 0 : 1);
}
