import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { AppError } from "#base/errors.ts";
import {
  agentBranchOf,
  branchFolderOf,
  cgroupNameOf,
  isTaskId,
  parseCgroupName,
  parseRunId,
  parseRunMarker,
  processMarkerOf,
  runIdOf,
  taskIdOf,
  worktreeNameOf,
} from "#domain/names.ts";
import { draftTopic, topicFromPrompt, toTopicText } from "#domain/free-topic.ts";
import { parseTopic, type Topic } from "#domain/topic.ts";
import { runs } from "../support/property.ts";
import { longTopics, otherTexts, topicParts, writeTopic } from "../support/topics.ts";

describe("topics", () => {
  const good: [string, { type: string; description: string; version: number }][] = [
    ["review-auth_module-v1", { type: "review", description: "auth_module", version: 1 }],
    ["implement-user-register-v12", { type: "implement", description: "user-register", version: 12 }],
    ["longrun-a-v0", { type: "longrun", description: "a", version: 0 }],
    ["test-v2-v3", { type: "test", description: "v2", version: 3 }],
  ];
  for (const [text, parts] of good) test(text, () => expect(parseTopic(text)).toMatchObject(parts));

  test("a topic that is written is read as it was", () => {
    const property = fc.property(topicParts, (parts) => {
      const text = writeTopic(parts);
      expect(parseTopic(text)).toEqual({ ...parts, text, key: `${parts.type}-${parts.description}` });
    });
    fc.assert(property, runs());
  });

  test("any other text is refused with an example that would be accepted", () => {
    const property = fc.property(otherTexts, (text) => {
      const error = refusalOf(text);
      expect(error).toBeInstanceOf(AppError);
      const { code, message, hint } = error as AppError;
      expect(code).toBe("invalid_topic");
      expect(message.length).toBeLessThan(250);
      const [, example = ""] = /such as (\S+);/.exec(hint) ?? [];
      expect(parseTopic(example).version).toBe(1);
    });
    fc.assert(property, runs(0.2));
  });
});

function refusalOf(text: string): unknown {
  try {
    return parseTopic(text);
  } catch (error) {
    return error;
  }
}

test("a topic may be as long as the limit, and no longer", () => {
  const property = fc.property(longTopics, (text) => {
    if (text.length > 120) expect(refusalOf(text)).toBeInstanceOf(AppError);
    else expect(parseTopic(text).text).toBe(text);
  });
  fc.assert(property, runs(4));
});

test("two topics share no task id, and share worktree and branch only if they are versions of one", () => {
  const suffix = fc.option(fc.stringMatching(/^[0-9a-f]{6}$/), { nil: undefined });
  const property = fc.property(topicParts, topicParts, suffix, (one, other, end) => {
    const [a, b] = [one, other].map((parts) => parseTopic(writeTopic(parts))) as [Topic, Topic];
    expect(taskIdOf(a, end) === taskIdOf(b, end)).toBe(a.text === b.text);
    expect(end !== undefined && taskIdOf(a, end) === taskIdOf(b)).toBe(false);
    for (const name of [agentBranchOf, branchFolderOf, (topic: Topic) => worktreeNameOf("repo", topic)]) {
      expect(name(a) === name(b)).toBe(a.type === b.type && a.description === b.description);
    }
  });
  fc.assert(property, runs());
});

test("names of a task's run lead back to it, and only in its own state folder", () => {
  const property = fc.property(topicParts, fc.integer({ min: 1, max: 999_999_999 }), (parts, run) => {
    const taskId = taskIdOf(parseTopic(writeTopic(parts)), "abc123");
    expect(isTaskId(taskId)).toBe(true);
    expect(parseRunId(runIdOf({ task_id: taskId, run }))).toEqual({ taskId, run });
    const { value } = processMarkerOf("/state", taskId, run);
    const group = cgroupNameOf("/state", { task_id: taskId, run });
    expect([parseRunMarker("/state", value), parseCgroupName("/state", group)]).toEqual([
      { taskId, run },
      { taskId, run },
    ]);
    expect([parseRunMarker("/other", value), parseCgroupName("/other", group)]).toEqual([undefined, undefined]);
  });
  fc.assert(property, runs());
});

test("a folder's name fits, and keeps its repositories apart", () => {
  const heads = fc.string({ unit: fc.constantFrom("a", "é", "名", "👍"), minLength: 1, maxLength: 120, size: "max" });
  const pairs = fc.oneof(
    fc.tuple(heads, heads),
    heads.map((head): [string, string] => [`${head}a`, `${head}b`]),
  );
  const property = fc.property(pairs, topicParts, ([one, other], parts) => {
    const topic = parseTopic(writeTopic(parts));
    const [a, b] = [worktreeNameOf(one, topic), worktreeNameOf(other, topic)];
    expect(Buffer.byteLength(a)).toBeLessThanOrEqual(200);
    expect(a).toEndWith(`-agent-${topic.key}`);
    expect(a).not.toContain("\uFFFD");
    expect(a.isWellFormed()).toBe(true);
    expect(a === b).toBe(one === other);
  });
  fc.assert(property, runs());
});

test("names leave the version out where the work is shared", () => {
  const [one, ten] = [parseTopic("implement-x_y-v1"), parseTopic("implement-x_y-v10")];
  expect([taskIdOf(one), taskIdOf(ten, "abc123")]).toEqual([
    "codex-implement-x_y-v1",
    "codex-implement-x_y-v10-abc123",
  ]);
  expect(agentBranchOf(one)).toBe(agentBranchOf(ten));
  expect(worktreeNameOf("repo", ten)).toBe("repo-agent-implement-x_y");
});

test("a task id is a plain name", () => {
  expect(["codex-review-a-v1", "codex-x"].every(isTaskId)).toBe(true);
  expect(["", "codex-", "../codex-x", "codex-x/../y", "-codex-x", "codex--x", "codex-x\n"].some(isTaskId)).toBe(false);
});

test("a run's marker is its own: by store, task and run", () => {
  const values = [
    processMarkerOf("/a", "codex-x", 1),
    processMarkerOf("/b", "codex-x", 1),
    processMarkerOf("/a", "codex-x", 11),
  ];
  expect(new Set(values.map(({ value }) => value)).size).toBe(3);
});

describe("topics of any words", () => {
  const topicOf = async (words: string) => toTopicText(await draftTopic(words, "read-only"), 1);

  test("follow the grammar, and are made at once", async () => {
    const words = fc.oneof(
      fc.string({ unit: "binary", maxLength: 200 }),
      fc.string({ unit: "grapheme", maxLength: 200 }),
    );
    const property = fc.asyncProperty(words, fc.integer({ min: 1, max: 3000 }), async (text, times) => {
      const draft = await draftTopic(text.repeat(times), "read-only");
      parseTopic(toTopicText(draft, draft.version ?? 1));
      parseTopic(toTopicText(await topicFromPrompt(text.repeat(times), "full-access"), 1));
    });
    await fc.assert(property, runs(0.2));
  });

  test.each(["-", "_", "-_", " ", "v1 ", "-v1"])("%j many times is no work", async (part) => {
    for (const end of ["", "x", "-v1"]) parseTopic(await topicOf(`${part.repeat(200_000)}${end}`));
  });

  test("long ones that differ at their end are different topics, and versions of one are not", async () => {
    const long = "word ".repeat(1000);
    expect(await topicOf(`${long}a`)).not.toBe(await topicOf(`${long}b`));
    const [one, two] = await Promise.all([
      draftTopic(`${long} v1`, "read-only"),
      draftTopic(`${long} v2`, "read-only"),
    ]);
    expect([one.description, one.version, two.version]).toEqual([two.description, 1, 2]);
  });

  test("a task id means its topic", async () => {
    expect(await draftTopic("codex-review-parser-v3", "full-access")).toMatchObject({ type: "review", version: 3 });
  });
});
