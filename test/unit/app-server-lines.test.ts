import { expect, test } from "bun:test";
import { AppServerConnection } from "#codex/engines/connection/connection.ts";
import { ItemSet } from "#codex/engines/item-set.ts";
import { Translator } from "#codex/engines/translate.ts";
import type { Wire } from "#codex/engines/connection/wire.ts";

const message = (id: string, text: string) => ({ item: { type: "agentMessage", id, text } });

test("an item is written once; items without an id, or with that of another one, are all written", () => {
  const completed = new ItemSet();
  completed.add({ id: "", type: "agent_message", text: "B" });
  const translator = new Translator("run", () => undefined, { completed, read: new Set() });
  const texts = [message("a", "A"), message("a", "A"), message("", "B"), message("", "C"), message("a", "D")].flatMap(
    (params) => translator.translate("item/completed", params),
  );
  expect(texts.map(({ item }) => (item as { text: string }).text)).toEqual(["A", "B", "C", "D"]);
});

test("a message is reported once, whether the log or the thread had it first", () => {
  const read: string[] = [];
  const translator = new Translator("run", (id) => read.push(id), { completed: new ItemSet(), read: new Set(["old"]) });
  for (const clientId of ["old", "new", "new"]) {
    translator.translate("item/completed", {
      item: { type: "userMessage", id: `i-${clientId}`, clientId, content: [] },
    });
  }
  expect(read).toEqual(["new"]);
  expect([translator.hasMessage("old"), translator.hasMessage("other")]).toEqual([true, false]);
});

test("a patch is written with its text as far as that is not too long, and recognised with or without it", () => {
  const changes = [
    { path: "a", kind: { type: "update" }, diff: "@@ -1 +1 @@\n-a\n+b\n" },
    { path: "b", kind: { type: "add" }, diff: "x".repeat(100_000) },
    { path: "c", kind: { type: "delete" } },
  ];
  const params = { item: { type: "fileChange", id: "p", status: "completed", changes } };
  const written = [
    { path: "a", kind: "update", diff: "@@ -1 +1 @@\n-a\n+b\n" },
    { path: "b", kind: "add" },
    { path: "c", kind: "delete" },
  ];
  const translator = new Translator("run", () => undefined);
  const [line] = translator.translate("item/completed", params);
  expect(line?.["item"]).toEqual({ id: "p", type: "file_change", status: "completed", changes: written });
  const completed = new ItemSet();
  completed.add({ id: "p", type: "file_change", changes: written.map(({ path, kind }) => ({ path, kind })) });
  const later = new Translator("run", () => undefined, { completed, read: new Set() });
  expect(later.translate("item/completed", params)).toEqual([]);
});

test("halves of surrogate pairs are replaced in texts and in the keys of a schema", async () => {
  const sent: string[] = [];
  let answer = (_message: string): void => undefined;
  const wire: Wire = {
    closed: new Promise(() => undefined),
    listen: (onMessage) => (answer = onMessage),
    send: (text) => {
      sent.push(text);
      const { id } = JSON.parse(text) as { id?: number };
      if (id !== undefined) answer(JSON.stringify({ id, result: {} }));
    },
    close: () => undefined,
  };
  const connection = await AppServerConnection.open(wire, { notified: () => undefined, asked: async () => ({}) });
  const schema = { "half\ud800": [{ deep: "half\udc00" }], "whole😀": 1 };
  await connection.request("turn/start", { schema });
  const { params } = JSON.parse(sent.at(-1) ?? "") as { params: unknown };
  expect(params).toEqual({ schema: { "half\ufffd": [{ deep: "half\ufffd" }], "whole😀": 1 } });
});
