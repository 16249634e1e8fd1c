import { formatRow, splitRow } from "./markdown.ts";

const CODE = /`[^`]*`/g;
const HAN = String.raw`\p{Script=Han}`;
const HALF_WIDTH = new RegExp(String.raw`${HAN} ?[,;:!?()]|[,;:!?()] ?${HAN}|${HAN}\.(?:\s|$)|\.\.\.`, "u");
const NO_SPACE = new RegExp(String.raw`${HAN}[A-Za-z0-9]|[A-Za-z0-9]${HAN}`, "u");

/** Translates Markdown text by text: paragraphs, headings, list items and cells of tables. Code stays as it is. */
export class Translator {
  readonly #translations: ReadonlyMap<string, string>;
  readonly #used = new Map<string, string>();
  readonly #missing = new Set<string>();

  constructor(translations: Readonly<Record<string, string>>) {
    this.#translations = new Map(Object.entries(translations));
  }

  /** Returns a page with each text translated, and without its comments. */
  translatePage(page: string): string {
    const blocks: string[] = [];
    let open: { prefix: string; text: string } | undefined;
    let fence: string | undefined;
    const close = () => {
      if (open !== undefined) blocks.push(open.prefix + this.#translate(open.text));
      open = undefined;
    };
    for (const line of page.trimEnd().split("\n")) {
      if (fence !== undefined || /^\s*```/.test(line)) {
        close();
        if (fence === undefined) fence = line.trim();
        else if (line.trim() === "```") fence = undefined;
        blocks.push(line);
      } else if (line.trim() === "") {
        close();
        if (blocks.at(-1) !== "") blocks.push("");
      } else if (line.startsWith("<!--")) {
        close();
      } else if (line.startsWith("|")) {
        close();
        blocks.push(this.#translateRow(line));
      } else {
        const [, prefix, text = ""] = /^(\s*(?:#{1,6}|[-*]|\d+\.) +)(.*)$/.exec(line) ?? [];
        if (prefix !== undefined) {
          close();
          open = { prefix, text };
        } else if (open === undefined) open = { prefix: "", text: line };
        else open.text += ` ${line.trim()}`;
      }
    }
    close();
    return `${blocks.join("\n")}\n`;
  }

  /** Returns the translations in the order of their first use. */
  get used(): Record<string, string> {
    return Object.fromEntries(this.#used);
  }

  /** Returns the faults of the translations. */
  findFaults(): string[] {
    const unused = [...this.#translations].filter(([english]) => !this.#used.has(english));
    const missing = [...this.#missing].map((english) => [english, ""] as const);
    const wrong = [...this.#used].flatMap(([english, other]) => {
      const fault = findFault(english, other);
      return fault === undefined ? [] : [`${fault}: ${other}`];
    });
    return [
      ...list("Texts without a translation; translate and add them", missing),
      ...list("Translations of texts that no longer exist; remove them", unused),
      ...wrong,
    ];
  }

  #translateRow(row: string): string {
    if (/^[|\s:-]+$/.test(row)) return row;
    return formatRow(splitRow(row).map((cell) => this.#translate(cell)));
  }

  #translate(text: string): string {
    if (!/[A-Za-z]/.test(text.replaceAll(CODE, ""))) return text;
    const translation = this.#translations.get(text);
    if (translation === undefined) this.#missing.add(text);
    else this.#used.set(text, translation);
    return translation ?? text;
  }
}

/** Returns the faults of a translation that can be detected: in its code and, in Chinese, its punctuation. */
function findFault(english: string, other: string): string | undefined {
  if (other.trim() === "") return `The translation of ${JSON.stringify(english)} is empty`;
  if (codesOf(english) !== codesOf(other)) return `Its code differs from that of ${JSON.stringify(english)}`;
  const prose = other
    .replaceAll(CODE, "x")
    .replaceAll(/\]\([^)]*\)/g, "]")
    .replaceAll(/[[\]*]/g, "");
  if (HALF_WIDTH.test(prose)) return "Half-width punctuation in Chinese";
  return NO_SPACE.test(prose) ? "No space between Chinese and other letters" : undefined;
}

function codesOf(text: string): string {
  return [...new Set(text.match(CODE))].toSorted().join(" ");
}

function list(title: string, entries: readonly (readonly [string, string])[]): string[] {
  return entries.length === 0 ? [] : [`${title}:\n${JSON.stringify(Object.fromEntries(entries), null, 2)}`];
}
