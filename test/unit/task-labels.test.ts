import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { type Card, hasEnded } from "#board/api/card.ts";
import {
  describeDelivery,
  describeTaskState,
  describeWorkOf,
  kindOfDiffLine,
  nameDecision,
} from "#board/page/task/describe-task.ts";
import { runs } from "../support/property.ts";

const CARD: Card = {
  id: "codex-a-v1",
  run: 1,
  title: "A",
  topic: "a-v1",
  repository: "/a",
  column: "review",
  status: "completed",
  sandbox: "read-only",
  is_unsandboxed: false,
  started_at: "",
  elapsed_seconds: 0,
  questions: 0,
  work: "none",
};

test.each([
  [{ status: "queued" }, "Queued"],
  [{ status: "queued", waits_for: "quota" }, "Queued, waits for the quota"],
  [{ status: "waiting", waits_for: "answer" }, "Waiting for you"],
  [{ status: "waiting", waits_for: "quota" }, "Waiting for the quota"],
  [{ status: "completed", work: "open" }, "Completed, to review"],
  [{ status: "completed", work: "merged" }, "Completed"],
  [{ status: "failed" }, "Failed"],
] as const)("the state of %j is %s", (part, text) => {
  const card: Card = { ...CARD, ...part };
  expect(describeTaskState(card).text).toBe(text);
  expect(hasEnded(card)).toBe(!["queued", "running", "waiting"].includes(card.status));
});

test("the fate of the work is said in words, and its merge only while there is one", () => {
  const texts = (part: Partial<Card>) => describeWorkOf({ ...CARD, ...part }).map(({ text }) => text);
  expect(texts({})).toEqual([]);
  expect(texts({ work: "open", merges_cleanly: true, base_branch: "main" })).toEqual(["Merges cleanly into main"]);
  const conflicts_with = [{ task: "codex-b-v1", files: ["a.ts"] }];
  expect(texts({ work: "open", merges_cleanly: false, conflicts_with })).toEqual([
    "Conflicts with its base",
    "Conflicts with codex-b-v1",
  ]);
  expect(texts({ work: "merged", merges_cleanly: true })).toEqual(["Merged"]);
  expect(texts({ work: "discarded" })).toEqual(["Discarded"]);
});

test("messages and decisions have words", () => {
  const message = { id: "1", text: "", when: "now", sent_at: "" } as const;
  expect(describeDelivery({ ...message, state: "waiting", delivery: "queued" })).toBe("waits for the next turn");
  expect(describeDelivery({ ...message, state: "undelivered", why: "it ended" })).toBe("not delivered: it ended");
  const question = { id: "q1-0", kind: "command", text: "", decisions: [] } as const;
  expect(nameDecision("accept", { ...question, decisions: [] })).toBe("Approve");
  expect(nameDecision("accept", { ...question, kind: "form", decisions: [] })).toBe("Answer");
});

test("every line of a diff has one kind, by its first characters", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(kindOfDiffLine(`+${text}`)).toBe("added");
      expect(kindOfDiffLine(`-${text}`)).toBe("removed");
      expect(kindOfDiffLine(` ${text}`)).toBe("same");
      expect(kindOfDiffLine(`@@${text}`)).toBe("hunk");
    }),
    runs(1),
  );
});
