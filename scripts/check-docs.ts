// Checks the documents that people read: relative links and their anchors lead somewhere, and the READMEs stay short. Needs no network.
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
  const documents = DOCUMENTS.flatMap((pattern) => Array.from(new Bun.Glob(pattern).scanSync({ cwd: root })));
  return documents.toSorted().flatMap((name) => checkSize(root, name).concat(checkLinks(root, name)));
}

function checkSize(root: string, name: string): string[] {
  if (!/^README[^/]*\.md$/.test(name)) return [];
  const { size } = statSync(join(root, name));
  return size > README_MAX_BYTES ? [`${name}: ${size} bytes, ${README_MAX_BYTES} are allowed.`] : [];
}

function checkLinks(root: string, name: string): string[] {
  const text = withoutCode(readFileSync(join(root, name), "utf8"));
  const links = [INLINE, REFERENCE, ATTRIBUTE].flatMap((pattern) =>
    [...text.matchAll(pattern)].map(([, link]) => link),
  );
  return links.flatMap((link = "") => {
    const target = link.replace(/^<(.*)>$/, "$1");
    if (SCHEME.test(target)) return [];
    const fault = findFault(root, name, target);
    return fault === undefined ? [] : [`${name}: ${target}: ${fault}.`];
  });
}

function findFault(root: string, name: string, target: string): string | undefined {
  const [file = "", anchor] = target.split(/#(.*)/s).map(decode);
  // As on GitHub, a slash at the beginning means the repository's root.
  const folder = file.startsWith("/") ? root : dirname(join(root, name));
  const path = file === "" ? join(root, name) : resolve(folder, `./${file}`);
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
