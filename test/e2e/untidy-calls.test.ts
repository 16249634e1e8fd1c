import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { McpClient } from "../support/mcp-client.ts";
import { World } from "../support/world.ts";

let world: World;
let cwd: string;
let client: McpClient;

beforeAll(async () => {
  world = new World();
  world.stub.script("HELLO", [{ say: "Hello." }]);
  cwd = await world.repository();
  client = await world.client();
});
afterAll(() => world.close());

/** What forms send for fields that nobody has filled in. */
const EMPTY = {
  session_id: "",
  resume: " ",
  images: "",
  output_schema: "",
  timeout_seconds: "",
  include_uncommitted: "",
  sandbox: "",
  config: "",
};

const call = (more: Record<string, unknown>) => client.call("codex", { prompt: "HELLO", cwd, ...more });

describe("arguments as clients send them", () => {
  test.each([
    ["null for each optional one", { session_id: null, images: null, timeout_seconds: null, model: null, topic: null }],
    ["a text for a number", { timeout_seconds: "60" }],
    ["a text for a truth value", { sandbox: "full-access", include_uncommitted: "true", topic: "text-for-truth" }],
    ["JSON text for a list and an object", { images: "[]", output_schema: '{"type":"object"}' }],
    ["another way to write a name", { timeoutSeconds: 60, "idle-timeout-seconds": 60 }],
    ["another way to write a choice", { sandbox: "READ_ONLY" }],
    ["an exponent, a sign and spaces", { timeout_seconds: " +6e1 ", idle_timeout_seconds: "1E3" }],
    ["yes, no, 1 and 0 for truth values", { include_uncommitted: 0, network: "no" }],
    ["an empty text for each optional one", EMPTY],
    [
      "null under another spelling, and under a near miss",
      { timeoutSeconds: 60, timeout_seconds: null, timeout: null },
    ],
    ["one value twice", { timeoutSeconds: 60, timeout_seconds: "60" }],
    ["null among images", { images: [null] }],
    ["null in settings", { config: { model_verbosity: null, tui: { notifications: [null, "agent-turn-complete"] } } }],
    ["keys that resemble parameters", { comment: "a", mode: "b", reasoning: "c", output: "d", cmd: "e", case: "f" }],
    ["names of JavaScript", { constructor: 1, toString: 1, hasOwnProperty: 1 }],
  ])("%s", async (_, more) => {
    expect((await call(more)).data).toMatchObject({ success: true });
  });

  test("keys that a client adds are ignored, and named in the note", async () => {
    const { data } = await call({ requestMetadata: { a: 1 }, toolCallId: "7" });
    expect(data).toMatchObject({ success: true });
    expect(String(data["note"])).toContain("Ignored unknown parameters: requestMetadata, toolCallId.");
  });

  test("an image's path may hold a comma; a folder is no image", async () => {
    const image = join(world.root, "one,two.png");
    writeFileSync(
      image,
      Buffer.from(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==",
        "base64",
      ),
    );
    const before = world.stub.requests.length;
    expect((await call({ images: image })).data).toMatchObject({ success: true });
    expect(JSON.stringify(world.stub.requests.slice(before))).toContain("input_image");
    expect((await call({ images: [world.root] })).data).toMatchObject({ success: false, code: "invalid_image" });
  });

  test("a prompt with a NUL character is refused", async () => {
    expect((await call({ prompt: "HELLO\0" })).data).toMatchObject({ success: false });
  });
});

describe("refusals are in plain words", () => {
  test.each([
    [{ prompt: undefined }, "codex: prompt is missing."],
    [{ timeout: 5 }, "codex: timeout: did you mean timeout_seconds?"],
    [{ workdir: "/" }, "codex: workdir: did you mean cwd?"],
    [{ sesion_id: "x" }, "codex: sesion_id: did you mean session_id?"],
    [
      { sandbox: "write" },
      'codex: sandbox must be one of read-only, workspace-write, full-access, danger-full-access, not "write".',
    ],
    [{ timeout_seconds: -1 }, "codex: timeout_seconds must be at least 0."],
    [{ images: { a: 1 } }, 'codex: images must be a list, not {"a":1}.'],
    [{ timeoutSeconds: 5, timeout_seconds: 60 }, "codex: timeout_seconds is given twice, with different values."],
    [{ timeout_seconds: "0x10" }, 'codex: timeout_seconds must be a number, not "0x10".'],
    // Ignoring these would lose the context in silence.
    [{ threadId: "x" }, "codex: threadId: did you mean resume?"],
    [{ task_id: "x" }, "codex: task_id: did you mean resume?"],
    [{ include_uncommitted: "perhaps" }, 'codex: include_uncommitted must be true or false, not "perhaps".'],
  ])("%j", async (more, error) => {
    expect((await call(more)).data).toMatchObject({ success: false, code: "invalid_argument", error });
  });
});

test("arguments of any length and number are read at once", async () => {
  const long = "-".repeat(300_000);
  const many = Object.fromEntries(Array.from({ length: 15_000 }, (_, index) => [`name-of-a-client-${index}`, 1]));
  expect((await call({ topic: `${long}x` })).data).toMatchObject({ success: true });
  expect((await call({ topic: `a${"-_".repeat(100_000)}b` })).data).toMatchObject({ success: true });
  expect((await call(many)).data).toMatchObject({ success: true });
  const { data } = await client.call("codex_status", { task_id: "x".repeat(1_000_000) });
  expect(data).toMatchObject({ success: false, code: "unknown_task" });
}, 30_000);

test("the singular of a list's name means a list of one", async () => {
  const { data } = await call({});
  const { done } = (await client.call("codex_wait", { task_id: data["task_id"] })).data;
  expect(done).toHaveLength(1);
});

test("a list of one is its text where a text is wanted", async () => {
  const { data } = await call({ topic: ["one-text"] });
  const status = await client.call("codex_status", { task_id: [data["task_id"]] });
  expect(status.data).toMatchObject({ topic: "review-one-text-v1" });
});

test("empty fields of codex_status list this project's tasks, and cwd may be a URI", async () => {
  await call({});
  for (const args of [
    { cwd: "", cursor: "", status: "", task_id: "" },
    { cwd: `file://${cwd}` },
    { cwd: ` ${cwd}/ ` },
  ]) {
    const elsewhere = await world.client({}, cwd);
    const { data } = await elsewhere.call("codex_status", args);
    expect((data["tasks"] as unknown[]).length).toBeGreaterThan(0);
  }
});

test("a topic in codex_status is refused rather than ignored", async () => {
  const { data } = await client.call("codex_status", { topic: "review-hello-v1" });
  expect(data).toMatchObject({ success: false, error: "codex_status: topic: did you mean task_id?" });
});
