import { describe, expect, test } from "bun:test";
import { agentBranchOf, isTaskId, processMarkerOf, taskIdOf, worktreeNameOf } from "#domain/names.ts";
import { parseTopic } from "#domain/topic.ts";

describe("topics", () => {
  const good: [string, { type: string; description: string; version: number }][] = [
    ["review-auth_module-v1", { type: "review", description: "auth_module", version: 1 }],
    ["implement-user-register-v12", { type: "implement", description: "user-register", version: 12 }],
    ["longrun-a-v0", { type: "longrun", description: "a", version: 0 }],
    ["test-v2-v3", { type: "test", description: "v2", version: 3 }],
  ];
  for (const [text, parts] of good) test(text, () => expect(parseTopic(text)).toMatchObject(parts));

  const bad = ["", "review", "review-v1", "review--a-v1", "Review-a-v1", "review-a-v", "review-a-vx", "review-a-v1 "];
  const hostile = ["review-a-v1\n", "-review-a-v1", "review-a/b-v1", "review-a.b-v1", "review-é-v1", "fix-a-v1"];
  const long = `review-${"x".repeat(120)}-v1`;
  for (const text of [...bad, ...hostile, long]) {
    test(`${JSON.stringify(text.slice(0, 30))} is refused with an example`, () => {
      expect(() => parseTopic(text)).toThrow(expect.objectContaining({ code: "invalid_topic" }) as Error);
    });
  }

  test("the hint is a topic that would be accepted", () => {
    for (const text of ["fix the login", "review auth", "implement-x", "名前"]) {
      try {
        parseTopic(text);
        throw new Error("it was accepted");
      } catch (error) {
        const [, example = ""] = /such as (\S+);/.exec((error as { hint: string }).hint) ?? [];
        expect(parseTopic(example).version).toBe(1);
      }
    }
  });
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
