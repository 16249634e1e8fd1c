import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { draftTopic, topicFromPrompt, toTopicText } from "#domain/free-topic.ts";
import { agentBranchOf, isTaskId, taskIdOf } from "#domain/names.ts";
import { SANDBOXES } from "#domain/record.ts";
import { findTopic, parseTopic } from "#domain/topic.ts";
import { runs } from "../support/property.ts";
import { topicParts, writeTopic } from "../support/topics.ts";

const texts = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 300 }),
  fc.string({ unit: "binary", maxLength: 300 }),
  fc
    .array(
      fc.constantFrom(
        "fix",
        "review",
        "implement",
        "v2",
        "-v3",
        "名前",
        "é",
        "\u0301",
        "🦊",
        "/",
        "..",
        "-",
        "_",
        " ",
        "\n",
      ),
      { maxLength: 40 },
    )
    .map((parts) => parts.join("")),
);
const sandboxes = fc.constantFrom(...SANDBOXES);

test("any words make a topic that follows the grammar, and a task id, a branch and a folder", async () => {
  await fc.assert(
    fc.asyncProperty(texts, sandboxes, fc.nat(1000), async (text, sandbox, version) => {
      for (const draft of [await draftTopic(text, sandbox), await topicFromPrompt(text, sandbox)]) {
        const topic = parseTopic(toTopicText(draft, draft.version ?? version));
        expect(isTaskId(taskIdOf(topic))).toBe(true);
        expect(agentBranchOf(topic)).toMatch(/^agent\/[\x21-\x7e]+$/);
      }
    }),
    runs(),
  );
});

test("a topic that follows the grammar stays as it is", async () => {
  await fc.assert(
    fc.asyncProperty(topicParts, sandboxes, async (parts, sandbox) => {
      const text = writeTopic(parts);
      expect(await draftTopic(text, sandbox)).toEqual(parseTopic(text));
    }),
    runs(),
  );
});

test("what is made of words is made again of the same words, and of itself", async () => {
  await fc.assert(
    fc.asyncProperty(texts, sandboxes, async (text, sandbox) => {
      const draft = await draftTopic(text, sandbox);
      expect(await draftTopic(text, sandbox)).toEqual(draft);
      const whole = toTopicText(draft, 7);
      expect(findTopic(whole)).toMatchObject({ type: draft.type, description: draft.description });
      expect(await draftTopic(whole, sandbox)).toMatchObject({ description: draft.description, version: 7 });
    }),
    runs(),
  );
});
