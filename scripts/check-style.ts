// Checks what a machine can judge of the English in src/: the first words of docstrings (here), messages and words (check-messages.ts).
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkMessages } from "./check-messages.ts";

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

if (import.meta.main) {
  const root = join(import.meta.dir, "..");
  const names = Array.from(new Bun.Glob("src/**/*.ts").scanSync({ cwd: root })).toSorted();
  const faults = names.flatMap((name) => {
    const source = readFileSync(join(root, name), "utf8");
    return checkDocstrings(name, source).concat(checkMessages(name, source));
  });
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exit(1);
}
