// Checks the English of src/ and scripts/: the first words of docstrings (here), messages and words (check-messages.ts).
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkDocument, checkMessages } from "./check-messages.ts";

/** First words of clauses, which leave the reader to find out what is meant. */
const CLAUSES = /^(?:What|Who|Whom|Whose|Where|Which|That|How|Why|Of|In|On|As|Those|Only|The same)\b/;
const VERB = /^[A-Z][a-z]+s\b/;
const TAG = /^@\w+/;
const FUNCTION = /^(?:export )?(?:default )?(?:static )?(?:async )?(?:function\b|get \w|[#\w]+(?:<[^>]*>)?\()/;
const DOCSTRING = /\/\*\*(?:\s*\n\s*\*)?\s*(?<text>[^\n]*?)(?:\s*\*\/)?\n/g;

/** Returns a sentence for each docstring of a file that does not begin as it should. */
export function checkDocstrings(name: string, source: string): string[] {
  const faults: string[] = [];
  for (const match of source.matchAll(DOCSTRING)) {
    const text = match.groups?.["text"] ?? "";
    const fault = findFault(text, whatFollows(source, match.index));
    if (fault === undefined) continue;
    const line = source.slice(0, match.index).split("\n").length;
    faults.push(`${name}:${line}: ${fault}: ${text}`);
  }
  return faults;
}

function findFault(text: string, documented: string): string | undefined {
  if (TAG.test(text)) return undefined;
  if (CLAUSES.test(text)) return "begins with a clause";
  return FUNCTION.test(documented) && !VERB.test(text) ? "a function's docstring begins with a verb" : undefined;
}

/** Returns the line of code that a docstring belongs to. */
function whatFollows(source: string, at: number): string {
  const end = source.indexOf("*/", at) + 2;
  const lines = source.slice(end).split("\n");
  return (lines.find((line) => line.trim() !== "" && !line.trim().startsWith("//")) ?? "").trim();
}

const EXPORT = /^export (?:async )?(?:function\*?|const|type|interface|class) (?<name>\w+)/gm;

/** Returns a sentence for each name that several files export: one name means one thing in the whole tree. */
export function checkNames(sources: Readonly<Record<string, string>>): string[] {
  const files = new Map<string, Set<string>>();
  for (const [file, source] of Object.entries(sources)) {
    for (const { groups } of source.matchAll(EXPORT)) {
      const name = groups?.["name"] ?? "";
      files.set(name, (files.get(name) ?? new Set()).add(file));
    }
  }
  return [...files].flatMap(([name, list]) =>
    list.size < 2 ? [] : [`${name} is exported by ${[...list].join(" and ")}`],
  );
}

if (import.meta.main) {
  const root = join(import.meta.dir, "..");
  const read = (pattern: string) => {
    const names = Array.from(new Bun.Glob(pattern).scanSync({ cwd: root })).toSorted();
    return Object.fromEntries(names.map((name) => [name, readFileSync(join(root, name), "utf8")]));
  };
  const faults = Object.entries(read("{src,scripts}/**/*.ts")).flatMap(([name, source]) =>
    checkDocstrings(name, source).concat(checkMessages(name, source)),
  );
  for (const [name, text] of Object.entries(read("{*,docs/*,docs/decisions/*,examples/*}.md"))) {
    faults.push(...checkDocument(name, text));
  }
  faults.push(...checkNames(read("src/**/*.ts")));
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exit(1);
}
