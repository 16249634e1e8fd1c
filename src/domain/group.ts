import { hashContent } from "#base/digest.ts";
import type { TopicDraft } from "./free-topic.ts";
import { findTopic } from "./topic.ts";

/** Maximum number of tries at one prompt. */
export const MAX_TRIES = 10;

/** Place of a task among several tries at one prompt. */
export interface TaskGroup {
  /** Name of the group. */
  id: string;
  /** Number of this try, starting at 1. */
  number: number;
  /** Number of tries. */
  of: number;
}

/** Settings of one try, where they differ from those of the others. */
export interface TryVariant {
  model?: string | undefined;
  reasoningEffort?: string | undefined;
  profile?: string | undefined;
  /** Text added to the prompt, after an empty line. */
  promptSuffix?: string | undefined;
}

/** Longest part of a topic's description that the topics of tries keep, in characters: the rest of the name needs space, too. */
const MAX_STEM = 80;

/** Names of a group and its tries. */
export interface GroupNames {
  /** Name of the group. It is never a topic or a task id. */
  id: string;
  /** Returns the topic of a try. */
  topicOf: (number: number) => string;
}

/**
 * Returns the names of a group of tries: `implement-parser`, with the topics `implement-parser_try1-v1`, `implement-parser_try2-v1`, ….
 * @param attempt number of the group among those with the same name, starting at 1; added to the names of further ones
 */
export function groupNamesOf(
  { type, description, version = 1 }: Pick<TopicDraft, "type" | "description" | "version">,
  attempt: number,
): GroupNames {
  const cut =
    description.length <= MAX_STEM
      ? description
      : `${description.slice(0, MAX_STEM - 7).replace(/[-_]+$/, "")}_${hashContent(description).slice(0, 6)}`;
  const stem = attempt === 1 ? cut : `${cut}_${attempt}`;
  // A description such as `parser-v2` would make the group's name a topic.
  const own = findTopic(`${type}-${stem}`) === undefined ? stem : `${stem}_tries`;
  return { id: `${type}-${own}`, topicOf: (number) => `${type}-${own}${TRY_SUFFIX}${number}-v${version}` };
}

/** Text between a group's name and the number of a try, in the try's topic. */
export const TRY_SUFFIX = "_try";
