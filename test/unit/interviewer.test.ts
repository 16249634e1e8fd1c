import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Interviewer } from "#codex/engines/questions/interviewer.ts";
import { LogWriter } from "#codex/engines/log-writer.ts";
import type { Question, QuestionAnswer, QuestionContent } from "#domain/question.ts";

const TIMES = { asked_at: "2026-01-01T00:00:00.000Z", expires_at: "2026-01-01T00:30:00.000Z" };
const METHOD = "item/commandExecution/requestApproval";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Returns an interviewer whose questions are answered by `answers`, and what it did. */
function interview(
  answers: Record<string, Partial<QuestionAnswer>>,
  before: readonly QuestionContent[] = [],
  isHeld = false,
  asked: Question[] = [],
) {
  const folder = mkdtempSync(join(tmpdir(), "interviewer-"));
  folders.push(folder);
  const log = join(folder, "log");
  writeFileSync(log, "");
  const settled: string[] = [];
  const told: string[] = [];
  /** Functions that answer the questions that are held. */
  const waiting: ((answer: QuestionAnswer) => void)[] = [];
  const desk = {
    find: (id: string) => before.map((each): Question => ({ ...each, ...TIMES })).find((each) => each.id === id),
    prepare: (content: QuestionContent): Question => ({ ...content, ...TIMES }),
    abridge: (question: Question) => question,
    ask: async (question: Question): Promise<QuestionAnswer> => {
      asked.push(question);
      if (isHeld) return new Promise((resolve) => void waiting.push(resolve));
      return { decision: "decline", by: "x", at: "", ...answers[question.id] };
    },
    settle: (id: string) => void settled.push(id),
    open: () => before.map((each): Question => ({ ...each, ...TIMES })),
    close: () => undefined,
  };
  const interviewer = new Interviewer({ run: 1, questions: desk }, new LogWriter(log), async (text) => told.push(text));
  return { interviewer, settled, told, waiting, readLog: () => readFileSync(log, "utf8") };
}

const command = (text: string): QuestionContent => ({
  id: "q1-0",
  kind: "command",
  text: "Let Codex run a command that its sandbox does not allow",
  decisions: ["accept", "accept_for_session", "decline", "cancel"],
  command: text,
});

test("a question that was asked before is the same one, and is not logged again", async () => {
  const { interviewer, readLog } = interview({ "q1-0": { decision: "accept" } }, [command("ls")]);
  expect(await interviewer.answer(METHOD, { command: "ls" }, 0)).toEqual({ decision: "accept" });
  expect(readLog()).not.toContain('"question"');
  expect(readLog()).toContain('{"type":"answer","id":"q1-0","decision":"accept","by":"x"}');
});

test("a question with the name of another one is asked under a name of its own: no answer applies to both", async () => {
  const { interviewer, settled } = interview({ "q1-0": { decision: "accept" } }, [command("ls")]);
  expect(await interviewer.answer(METHOD, { command: "rm -rf /" }, 0)).toEqual({ decision: "decline" });
  interviewer.notice("serverRequest/resolved", { requestId: 0 });
  expect(settled).toEqual(["q1-0_2"]);
  interviewer.withdrawOld();
  expect(settled).toEqual(["q1-0_2", "q1-0"]);
});

test("the model is told that no one answered; what another client answered is not answered again", async () => {
  const answers = { "q1-0": { cause: "timeout" }, "q1-1": { cause: "withdrawn" } } as const;
  const { interviewer, told } = interview(answers);
  expect(await interviewer.answer(METHOD, { command: "ls" }, 0)).toEqual({ decision: "decline" });
  expect(told).toHaveLength(1);
  expect(await interviewer.answer(METHOD, { command: "ls" }, 1)).toBeUndefined();
});

test("of requests about one call none is answered, because Codex could take the answer for the other", async () => {
  const { interviewer, settled, told, waiting } = interview({}, [], true);
  const first = interviewer.answer(METHOD, { itemId: "same", command: "ls" }, 0).catch(String);
  const part = interviewer.answer(METHOD, { itemId: "same", approvalId: "part", command: "ls" }, 1);
  const other = interviewer.answer(METHOD, { threadId: "other", itemId: "same", command: "ls" }, 4);
  const second = await interviewer.answer(METHOD, { itemId: "same", command: "rm -rf /" }, 2).catch(String);
  expect(second).toContain("were declined");
  expect(settled).toEqual(["q1-0"]);
  expect(told).toHaveLength(1);
  for (const answer of waiting.splice(0)) answer({ decision: "accept", by: "x", at: "" });
  expect(await first).toContain("were declined");
  expect(await part).toEqual({ decision: "accept" });
  expect(await other).toEqual({ decision: "accept" });
  const later = interviewer.answer(METHOD, { itemId: "same", command: "ls" }, 3);
  for (const answer of waiting.splice(0)) answer({ decision: "accept", by: "x", at: "" });
  expect(await later).toEqual({ decision: "accept" });
});

test("changes of which two items with the same id began cannot be accepted", async () => {
  const asked: Question[] = [];
  const { interviewer } = interview({}, [], false, asked);
  const begin = (path: string) => {
    const changes = [{ path, kind: { type: "add" }, diff: "+x" }];
    interviewer.notice("item/started", { item: { type: "fileChange", id: "same", changes } });
  };
  const ask = async (request: number) =>
    interviewer.answer("item/fileChange/requestApproval", { itemId: "same" }, request);
  begin("/a");
  begin("/a");
  await ask(0);
  begin("/harmless");
  await ask(1);
  interviewer.notice("item/completed", { item: { id: "same" } });
  begin("/harmless");
  await ask(2);
  expect(asked.map(({ decisions }) => decisions.includes("accept"))).toEqual([true, false, false]);
});

test("a file that is moved is shown with its new path", async () => {
  const asked: Question[] = [];
  const { interviewer } = interview({}, [], false, asked);
  const changes = [{ path: "/a", kind: { type: "update", move_path: "/b" }, diff: "" }];
  interviewer.notice("item/started", { item: { type: "fileChange", id: "x", changes } });
  await interviewer.answer("item/fileChange/requestApproval", { itemId: "x" }, 0);
  expect(asked[0]?.changes).toEqual([{ path: "/a → /b", kind: "move", diff: "" }]);
});

test("what it does not know, and everything of a task that does not ask, is refused at once", async () => {
  const { interviewer } = interview({});
  expect(await interviewer.answer("item/tool/call", {}, 0).catch(String)).toContain("not supported by this client");
  const silent = new Interviewer(
    { run: 1, questions: undefined },
    new LogWriter(join(tmpdir(), "never-written")),
    async () => undefined,
  );
  expect(await silent.answer(METHOD, { command: "ls" }, 0).catch(String)).toContain("this task does not ask");
});
