import { AppError } from "#base/errors.ts";
import { shorten } from "#base/text.ts";

/** Types of topics. */
export const TOPIC_TYPES = ["review", "implement", "longrun", "test"] as const;

/** Parts of `<type>-<description>-v<version>`. */
export interface Topic {
  /** Topic as given. */
  text: string;
  type: (typeof TOPIC_TYPES)[number];
  description: string;
  version: number;
  /** `<type>-<description>`: the part that all versions share, and that determines their worktree and branch. */
  key: string;
}

const GRAMMAR = /^([a-z]+)-([A-Za-z0-9_]+(?:-[A-Za-z0-9_]+)*)-v(\d{1,9})$/;

/**
 * Maximum length of a topic, in characters: worktree folders, branches and tmux sessions are named after it, and file names have at most
 * 255 bytes.
 */
const MAX_LENGTH = 120;

/** Parses a topic that follows the grammar; undefined for any other text. */
export function findTopic(text: string): Topic | undefined {
  const [, type, description, version] = GRAMMAR.exec(text) ?? [];
  const known = TOPIC_TYPES.find((candidate) => candidate === type);
  if (known === undefined || description === undefined || text.length > MAX_LENGTH) return undefined;
  return { text, type: known, description, version: Number(version), key: `${known}-${description}` };
}

/**
 * Parses a topic that follows the grammar.
 * @throws AppError `invalid_topic`
 */
export function parseTopic(text: string): Topic {
  const topic = findTopic(text);
  if (topic !== undefined) return topic;
  const types = TOPIC_TYPES.join(", ");
  throw new AppError(
    "invalid_topic",
    `The topic "${shorten(text, MAX_LENGTH)}" does not follow <type>-<description>-v<version>.`,
    `Use a topic such as review-auth_module-v1; the type is one of ${types}.`,
  );
}

/** Verbs that begin the subject of a commit, by the topic's type. */
const VERBS = { implement: "Implement ", test: "Test ", review: "Review ", longrun: "" } as const;
/** Maximum length of the prompt in a commit message, in characters. */
const MAX_PROMPT_LENGTH = 2000;

/** Returns the default message for a commit of a task's work: its topic, its prompt, and the task. */
export function commitMessageOf({ topic, task_id }: { topic: string; task_id: string }, prompt?: string): string {
  const { type, description } = parseTopic(topic);
  const subject = `${VERBS[type]}${description.replaceAll(/[_-]/g, " ")}`;
  const asked = prompt === undefined ? "" : `\n\n${shorten(prompt.trim(), MAX_PROMPT_LENGTH)}`;
  return `${subject.charAt(0).toUpperCase()}${subject.slice(1)}${asked}\n\nTask: ${task_id}\n`;
}
