import { hashContent } from "#base/digest.ts";
import { takeStart } from "#base/text.ts";
import type { Sandbox } from "./record.ts";
import { findTopic, type Topic, TOPIC_TYPES } from "./topic.ts";

/** Topic that still lacks a version, unless the words gave one. */
export interface TopicDraft {
  type: Topic["type"];
  description: string;
  /** Version that the words gave; undefined if the next free one is to be used. */
  version: number | undefined;
}

/** Maximum length of a description made from free words, in characters. */
const MAX_DESCRIPTION = 60;
/** Maximum number of words that a prompt contributes to a description. */
const MAX_PROMPT_WORDS = 5;
/** Longest part of a prompt, or of the words of a topic, that is searched for words, in characters. */
const MAX_START = 500;
/** Longest end of the words of a topic that is searched for a version, in characters. */
const MAX_END = 40;

/** Words of prompts that say nothing about the work. */
const FILLERS = new Set(
  "a an and are as at be by can codex could do for from have help i if in into is it its let lets make me my of on or our please so that the their them then this to us use want we with would you your".split(
    " ",
  ),
);

/**
 * Makes a topic of any words: `fix-index` becomes `implement-fix-index`, `Review the parser` becomes `review-the_parser`. A topic that
 * follows the grammar stays as it is; a task id means its topic. Letters of other scripts are transliterated, because tmux and some file systems do not keep them.
 */
export async function draftTopic(words: string, sandbox: Sandbox): Promise<TopicDraft> {
  const given = words.trim();
  const strict = findTopic(given) ?? findTopic(given.replace(/^codex-/, ""));
  if (strict !== undefined) return strict;
  const [end = "", digits] = /[\s_-]+v(\d{1,9})$/i.exec(given.slice(-MAX_END)) ?? [];
  const stem = given.slice(0, given.length - end.length);
  const parts = (await toAscii(takeStart(stem, MAX_START)))
    .split(/[^A-Za-z0-9_-]+/)
    .map((part) => part.replaceAll(/^[-_]+|[-_]+$/g, "").replaceAll(/-{2,}/g, "-"));
  const named = parts.filter((part) => part !== "").join("_");
  const type = TOPIC_TYPES.find((candidate) => new RegExp(`^${candidate}[-_]`, "i").test(named));
  const description = type === undefined ? named : named.slice(type.length).replace(/^[-_]+/, "");
  return {
    type: type ?? typeFor(sandbox),
    description: shortenDescription(description, stem) || "work",
    version: digits === undefined ? undefined : Number(digits),
  };
}

/** Makes a topic of the first words of a prompt that say something: `Review src/title.ts` becomes `review-src_title_ts`. */
export async function topicFromPrompt(prompt: string, sandbox: Sandbox): Promise<TopicDraft> {
  const start = takeStart(prompt.trimStart(), MAX_START);
  const [line = ""] = start.split("\n");
  const words = (await toAscii(line)).toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const significant = words.filter((word) => !FILLERS.has(word));
  const [first, ...rest] = significant;
  const type = typeFor(sandbox);
  const description = (first === type ? rest : significant).slice(0, MAX_PROMPT_WORDS).join("_");
  return { type, description: shortenDescription(description, description) || "work", version: undefined };
}

/** Returns the topic of a draft with this version. */
export function toTopicText({ type, description }: TopicDraft, version: number): string {
  return `${type}-${description}-v${version}`;
}

function typeFor(sandbox: Sandbox): Topic["type"] {
  return sandbox === "read-only" ? "review" : "implement";
}

/** Cuts a description, and keeps it different from others with the same beginning. @param words all words that it was made from */
function shortenDescription(description: string, words: string): string {
  if (description.length <= MAX_DESCRIPTION && words.length <= MAX_START) return description;
  const cut = description.slice(0, MAX_DESCRIPTION - 7).replace(/[-_]+$/, "");
  return `${cut || "work"}_${hashContent(words).slice(0, 6)}`;
}

async function toAscii(text: string): Promise<string> {
  // oxlint-disable-next-line no-control-regex -- ASCII is the question
  if (/^[\x00-\x7F]*$/.test(text)) return text;
  const { default: anyAscii } = await import("any-ascii");
  return anyAscii(text.normalize("NFC"));
}
