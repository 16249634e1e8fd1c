import { describe, expect, test } from "bun:test";
import { readQuestion } from "#codex/engines/questions/read-question.ts";
import { abridgeQuestion, listAnswers, type Question, questionIdOf, runOfQuestion } from "#domain/question.ts";
import { readAnswer } from "#domain/read-answer.ts";
import type { TaskRecord } from "#domain/record.ts";
import { readElicitResult, toElicitation } from "#mcp/elicit.ts";

const TIMES = { asked_at: "2026-01-01T00:00:00.000Z", expires_at: "2026-01-01T00:30:00.000Z" };

function ask(method: string, params: object) {
  const asked = readQuestion(method, params, "q1-0", () => undefined);
  if (asked === undefined) throw new Error("it is no question");
  return { question: { ...asked.question, ...TIMES } as Question, toResult: asked.toResult };
}

describe("a request of the app-server", () => {
  test("for a command offers only the decisions that Codex offers, and always a refusal", () => {
    const amendment = { acceptWithExecpolicyAmendment: { execpolicy_amendment: ["ls"] } };
    const { question, toResult } = ask("item/commandExecution/requestApproval", {
      command: "ls",
      cwd: "/w",
      reason: null,
      availableDecisions: ["accept", amendment, "acceptForSession"],
    });
    expect(question).toMatchObject({ kind: "command", decisions: ["accept", "accept_for_session", "decline"] });
    expect(toResult({ decision: "accept_for_session" })).toEqual({ decision: "acceptForSession" });
  });

  test("for the network names the host; more permissions are listed with their values", () => {
    const { question } = ask("item/commandExecution/requestApproval", {
      networkApprovalContext: { host: "example.org", protocol: "https" },
      additionalPermissions: { network: { enabled: true }, fileSystem: { write: ["/a"], read: null }, newer: 1 },
    });
    expect(question.text).toContain("https://example.org");
    expect(question.permissions).toEqual(["network.enabled: true", 'fileSystem.write: ["/a"]', "newer: 1"]);
  });

  test("for a command or changes that are not known cannot be accepted", () => {
    expect(ask("item/commandExecution/requestApproval", {}).question.decisions).toEqual(["decline", "cancel"]);
    const { question } = ask("item/fileChange/requestApproval", { itemId: "x" });
    expect(question.decisions).toEqual(["decline", "cancel"]);
  });

  test("for permissions grants what was shown, for the turn or the session, or nothing", () => {
    const permissions = { network: { enabled: true }, fileSystem: null };
    const { toResult } = ask("item/permissions/requestApproval", { cwd: "/w", reason: "r", permissions });
    const granted = { network: { enabled: true } };
    expect(toResult({ decision: "accept" })).toEqual({ permissions: granted, scope: "turn" });
    expect(toResult({ decision: "accept_for_session" })).toEqual({ permissions: granted, scope: "session" });
    expect(toResult({ decision: "decline" })).toEqual({ permissions: {}, scope: "turn" });
  });

  test("that is unknown, or not of the known form, is no question", () => {
    const read = (method: string, params: unknown) => readQuestion(method, params, "q1-0", () => undefined);
    expect(read("item/tool/call", {})).toBeUndefined();
    expect(read("item/tool/requestUserInput", { questions: [] })).toBeUndefined();
    expect(read("item/permissions/requestApproval", { permissions: "all" })).toBeUndefined();
    expect(read("mcpServer/elicitation/request", { mode: "openai/form", requestedSchema: [] })).toBeUndefined();
    for (const params of [undefined, null, 1, "x"]) {
      expect(read("item/commandExecution/requestApproval", params)).toBeUndefined();
    }
  });
});

describe("a form of an MCP server", () => {
  const form = ask("mcpServer/elicitation/request", {
    mode: "form",
    serverName: "shop",
    message: "Your order",
    requestedSchema: {
      type: "object",
      properties: {
        count: { type: "integer", title: "How many" },
        gift: { type: "boolean" },
        size: { type: "string", enum: ["s", "l"], enumNames: ["small", "large"] },
        extras: { type: "array", items: { anyOf: [{ const: "a", title: "A" }] } },
      },
      required: ["count"],
    },
  });

  test("is answered with an object, whose values get their types", () => {
    const answer = readAnswer(form.question, '{"count": "3", "gift": "yes", "size": "L", "extras": "a"}');
    expect(answer).toEqual({ decision: "accept", values: { count: 3, gift: true, size: "l", extras: ["a"] } });
    expect(form.toResult(answer)).toEqual({ action: "accept", content: answer.values, _meta: null });
    expect(form.toResult({ decision: "decline" })).toEqual({ action: "decline", content: null, _meta: null });
  });

  test.each(["accept", "{}", '{"count": 1.5}', '{"count": 1, "size": "xl"}', "3", "[]", ""])(
    "is not answered with %p",
    (text) => expect(() => readAnswer(form.question, text)).toThrow("is not an answer to q1-0"),
  );

  test("goes to clients as a form, and their responses are checked", () => {
    const task = { task_id: "codex-t-v1" } as TaskRecord;
    expect(toElicitation(task, form.question)?.requestedSchema).toMatchObject({
      properties: { count: { type: "integer", title: "How many" }, size: { type: "string", enum: ["s", "l"] } },
      required: ["count"],
    });
    expect(readElicitResult(form.question, { action: "accept", content: { count: 2 } })).toEqual({
      decision: "accept",
      values: { count: 2 },
    });
    expect(() => readElicitResult(form.question, { action: "accept", content: {} })).toThrow("is not an answer");
    expect(readElicitResult(form.question, { action: "cancel" })).toBeUndefined();
    expect(readElicitResult(form.question, "accept")).toBeUndefined();
  });
});

describe("a question of the model", () => {
  const options = ["accept", "Blue"].map((label) => ({ label, description: "" }));
  const only = ask("item/tool/requestUserInput", {
    questions: [{ id: "c", header: "C", question: "Which?", isOther: false, options }],
  });

  test.each([
    ["blue", "Blue"],
    ["2", "Blue"],
    ["accept", "accept"],
  ])("takes %p for an option", (text, value) => {
    const answer = readAnswer(only.question, text);
    expect(only.toResult(answer)).toEqual({ answers: { c: { answers: [value] } } });
  });

  test("takes no other text, unless it is open; decline answers nothing", () => {
    expect(() => readAnswer(only.question, "Green")).toThrow("is not an answer");
    expect(only.toResult(readAnswer(only.question, "decline"))).toEqual({ answers: {} });
    const open = ask("item/tool/requestUserInput", {
      questions: [{ id: "c", question: "Which?", isOther: true, options }],
    });
    expect(readAnswer(open.question, "Green")).toEqual({ decision: "accept", values: { c: "Green" } });
    expect(listAnswers(open.question)).toBe("accept, Blue or decline");
  });
});

test("fields may have the names of properties that all objects have", () => {
  const names = ["constructor", "toString", "__proto__"];
  const questions = names.map((id) => ({ id, question: `Which ${id}?` }));
  const { question, toResult } = ask("item/tool/requestUserInput", { questions });
  const values: object = JSON.parse('{"constructor": "1", "toString": "2", "__proto__": "3"}');
  const answers = Object.entries(toResult(readAnswer(question, JSON.stringify(values)))).map(([, each]) => each);
  expect(JSON.stringify(answers)).toBe(
    '[{"constructor":{"answers":["1"]},"toString":{"answers":["2"]},"__proto__":{"answers":["3"]}}]',
  );
  const optional = {
    ...question,
    fields: question.fields?.map((field) => Object.assign({}, field, { is_required: false })) ?? [],
  };
  expect(readAnswer(optional, '{"constructor": "1"}').values).toEqual(
    JSON.parse('{"constructor": "1"}') as Record<string, string>,
  );
});

test("a dialog without a decision decides nothing", () => {
  const { question } = ask("item/commandExecution/requestApproval", { command: "ls" });
  expect(readElicitResult(question, { action: "accept", content: {} })).toBeUndefined();
  expect(readElicitResult(question, { action: "accept", content: { decision: "cancel" } })).toEqual({
    decision: "cancel",
  });
  expect(readElicitResult(question, { action: "decline" })).toEqual({ decision: "decline" });
});

test("a very long question is abridged, says where the whole is, and goes to no dialog", () => {
  const { question } = ask("item/commandExecution/requestApproval", {
    command: "x".repeat(100_000),
    cwd: "y".repeat(90_000),
  });
  const short = abridgeQuestion(question, "/whole.json");
  expect(JSON.stringify(short).length).toBeLessThan(70_000);
  expect(short).toMatchObject({ id: "q1-0", whole: "/whole.json", ...TIMES });
  expect(short.command).toContain("characters left out");
  expect(toElicitation({ task_id: "codex-t-v1" } as TaskRecord, short)).toBeUndefined();
  const usual = { ...question, command: "ls", cwd: "/" };
  expect(abridgeQuestion(usual, "/whole.json")).toBe(usual);
});

test("the id of a question names its run, and is a file's name", () => {
  expect(questionIdOf(12, 7)).toBe("q12-7");
  expect(runOfQuestion(questionIdOf(3, "../a b"))).toBe(3);
  const others = ["q0-1", "q1", "q1-", "q1-../x", "1-1", `q1-${"x".repeat(61)}`];
  expect(others.filter((text) => runOfQuestion(text) !== undefined)).toEqual([]);
});
