import * as fc from "fast-check";
import { TOPIC_TYPES } from "#domain/topic.ts";
import { texts } from "./property.ts";

/** Parts of a topic. */
interface TopicParts {
  type: (typeof TOPIC_TYPES)[number];
  description: string;
  version: number;
}

/** Parts of valid topics. */
export const topicParts: fc.Arbitrary<TopicParts> = fc.record({
  type: fc.constantFrom(...TOPIC_TYPES),
  description: fc.oneof(
    fc.stringMatching(/^[A-Za-z0-9_]{1,40}(?:-[A-Za-z0-9_]{1,20}){0,2}$/),
    fc.constantFrom("a", "v1", "a-v1", "lock", "HEAD", "_", "0", "x".repeat(97)),
  ),
  version: fc.oneof(fc.nat(99), fc.nat(999_999_999)),
});

/** Returns the topic with these parts. */
export function writeTopic({ type, description, version }: TopicParts): string {
  return `${type}-${description}-v${version}`;
}

/** Grammar of topics, written a second time in other words. */
function isTopic(text: string): boolean {
  const words = text.split("-");
  const [type = "", version = ""] = [words.shift(), words.pop()];
  const isWord = (word: string) => word !== "" && Array.from(word).every((character) => /[a-z0-9_]/i.test(character));
  const isVersion = version.length <= 10 && version.startsWith("v") && /^[0-9]+$/.test(version.slice(1));
  const isPlain = !text.includes("\n") && words.length > 0 && words.every(isWord);
  return text.length <= 120 && TOPIC_TYPES.some((each) => each === type) && isPlain && isVersion;
}

/** Topics that are exactly as long as allowed, or a little longer. */
export const longTopics: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom(...TOPIC_TYPES), fc.integer({ min: 120, max: 123 }))
  .map(([type, length]) => `${type}-${"x".repeat(length - type.length - 4)}-v1`);

/** Texts that are no topics, most of them almost. */
export const otherTexts: fc.Arbitrary<string> = fc
  .oneof(
    texts,
    longTopics,
    fc.constantFrom("fix the login", "review auth", "implement-x", "名前", "Review-a-v1", "fix-a-v1", "review-v1"),
    fc
      .tuple(topicParts, fc.nat(), fc.constantFrom("", "-", "--", "\n", " ", "/", ".", "é", ":", "x".repeat(120)))
      .map(([parts, at, insert]) => {
        const text = writeTopic(parts);
        const cut = at % (text.length + 1);
        return text.slice(0, cut) + insert + text.slice(cut + (insert === "" ? 3 : 0));
      }),
  )
  .filter((text) => !isTopic(text));
