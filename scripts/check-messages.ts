// Checks the form of messages and hints of errors, and finds unclear words in all texts of the code.
import { type Argument, type Expression, parseSync, Visitor } from "oxc-parser";

/** Words and phrases that a reader has to interpret; the replacement names the plain word. */
const BANNED: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [/\b(?:witness|testimony)\b/i, "snapshot, evidence"],
  [/\bmend(?:s|ed|ing)?\b/i, "fix"],
  [/\b(?:farewell|patience|breath)\b/i, "timeout"],
  [/\bfloors?\b/i, "layer"],
  [/\bwhom\b/i, "a plain clause"],
  [/\bThe same (?:of|for|as)\b/, "the thing itself"],
  [/\b(?:goes|go|going) on\b(?! with)/i, "continue, still running"],
  [/\bfits? onto\b/i, "conflicts with"],
  [/\blook(?:s|ed)? whether\b/i, "check that"],
  [/\b(?:nobody|somebody)\b/i, "no process, another user, …"],
  [/\bwhoever\b/i, "the thing itself"],
  [/\bmake room\b/i, "free space"],
  [/\b(?:is|are|was|were) (?:told|noted)\b/i, "reported, recorded"],
  [/\btell(?:s|ing)? of\b/i, "report"],
  [/\btake(?:s|n)? (?:it |them )?(?:out again|over)\b/i, "remove, apply"],
  [/\bgiven up\b/i, "not saved, stopped"],
  [/\ball is well\b/i, "No problems found."],
];

/** File whose subject is former names. */
const EXEMPT = "src/base/former-names.ts";
const SENTENCE_END = /[.!?…]["”)]?$/;
const LOWER_CASE_START = /^(?:a|an|the|no|it|its|there|this|that|these)\b/;

/** Returns the banned words of a text, each with the plain word. */
function findBannedWords(text: string): string[] {
  return BANNED.flatMap(([pattern, instead]) => {
    const found = pattern.exec(text)?.[0];
    return found === undefined ? [] : [`"${found}" (instead: ${instead})`];
  });
}

/** Returns a sentence for each line of a document with banned words; code is left out. */
export function checkDocument(name: string, text: string): string[] {
  const prose = text.replaceAll(/```[\s\S]*?```|`[^`\n]*`/g, (code) => code.replaceAll(/[^\n]/g, " "));
  return prose
    .split("\n")
    .flatMap((line, index) => findBannedWords(line).map((fault) => `${name}:${index + 1}: ${fault}: ${line.trim()}`));
}

/** Returns a sentence for each text of a file that does not read as it should. */
export function checkMessages(name: string, source: string): string[] {
  if (name === EXEMPT) return [];
  const faults: string[] = [];
  const report = (at: number, fault: string, text: string) => {
    faults.push(
      `${name}:${source.slice(0, at).split("\n").length}: ${fault}: ${text.replaceAll(/\s+/g, " ").slice(0, 120)}`,
    );
  };
  const checkWords = (at: number, text: string) => {
    for (const fault of findBannedWords(text)) report(at, fault, text);
  };
  const checkSentences = ([, ...parts]: Argument[]) => {
    for (const part of parts.slice(0, 2)) {
      const text = textOf(part);
      if (text === undefined) continue;
      if (!SENTENCE_END.test(text)) report(part.start, "a message or hint ends with a full stop", text);
      if (LOWER_CASE_START.test(text)) report(part.start, "a message or hint begins with a capital", text);
    }
  };
  const { program, comments } = parseSync(name, source);
  for (const { start, value } of comments) checkWords(start, value);
  new Visitor({
    Literal: ({ start, value }) => {
      if (typeof value === "string") checkWords(start, value);
    },
    TemplateElement: ({ start, value }) => checkWords(start, value.raw),
    NewExpression: ({ callee, arguments: given }) => {
      if (callee.type === "Identifier" && callee.name === "AppError") checkSentences(given);
    },
    CallExpression: ({ callee, arguments: given }) => {
      if (callee.type === "Identifier" && /^(?:problem|warning)$/.test(callee.name)) checkSentences(given);
    },
  }).visit(program);
  return faults;
}

/** Stands for a value in a template. */
const VALUE = "⟨⟩.";

/** Returns the text of a literal, a template or their concatenation; undefined for anything else. */
function textOf(node: Argument | Expression): string | undefined {
  if (node.type === "Literal") return typeof node.value === "string" ? node.value : undefined;
  if (node.type === "TemplateLiteral") {
    return node.quasis.map(({ value }, index) => value.raw + (index < node.quasis.length - 1 ? VALUE : "")).join("");
  }
  if (node.type !== "BinaryExpression" || node.operator !== "+") return undefined;
  const [left, right] = [textOf(node.left), textOf(node.right)];
  return right === undefined && left === undefined ? undefined : (left ?? VALUE) + (right ?? VALUE);
}
