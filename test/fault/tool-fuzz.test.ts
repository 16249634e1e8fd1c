import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { peakMiB, randomOf } from "../support/hostile.ts";
import { WireClient, type WireMessage } from "../support/wire-client.ts";
import { World } from "../support/world.ts";

const ROUNDS = Number(process.env["FUZZ_ROUNDS"] ?? 300);
const SEED = Number(process.env["FUZZ_SEED"] ?? Date.now() % 100_000);
/** Generous: the machine may be busy. */
const PING_MS = Number(process.env["FUZZ_PING_MS"] ?? 2000);

let world: World;
let client: WireClient;
const random = randomOf(SEED);

beforeAll(async () => {
  world = new World();
  await world.repository();
  mkdirSync(join(world.root, "places"));
  const places =
    "mkfifo pipe; ln -s /dev/zero zero; truncate -s 1T giant; mkdir folder; ln -s loop loop; echo x > plain";
  Bun.spawnSync(["/bin/sh", "-c", places], { cwd: join(world.root, "places") });
  writeFileSync(join(world.root, "image.png"), "x");
  client = new WireClient(world);
  await client.ask("initialize", {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "f", version: "1" },
  });
});
afterAll(async () => {
  await client.close();
  await world.close();
});

function one<T>(list: readonly T[]): T | undefined {
  return list[random(list.length)];
}

function nest(depth: number, open: string, close: string): unknown {
  return new Raw(`${open.repeat(depth)}1${close.repeat(depth)}`);
}

/** JSON that stands as it is: JavaScript itself would fail to write some of it. */
class Raw {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

function toJson(value: unknown): string {
  if (value instanceof Raw) return value.text;
  if (Array.isArray(value)) return `[${value.map(toJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  return `{${Object.entries(value)
    .map(([key, each]) => `${JSON.stringify(key)}:${toJson(each)}`)
    .join(",")}}`;
}

const TEXTS = [
  "",
  " ",
  "\0",
  "a\0b",
  "\n",
  "--help",
  "-c",
  "/",
  "..",
  "~",
  "~root",
  "𝕏".repeat(500),
  "x".repeat(5000),
  "review-a-v1",
  "implement-b-v1",
  "codex-review-a-v1",
  "\u001B]52;c;x\u0007",
  "%00",
  "../../../etc/passwd",
  "x".repeat(2_000_000),
  "\u0001".repeat(600_000),
];

function hostileValue(): unknown {
  const places = ["pipe", "zero", "giant", "folder", "loop", "plain", "none", "plain/below"].map((name) =>
    join(world.root, "places", name),
  );
  const makers: (() => unknown)[] = [
    () => one(TEXTS),
    () => one(places),
    () => one([0, -1, 1e308, 1e-300, 2 ** 53, new Raw("1e999"), null, true]),
    () => nest(one([2, 63, 65, 300, 50_000]) ?? 1, '{"a":', "}"),
    () => nest(one([2, 63, 65, 300, 50_000]) ?? 1, "[", "]"),
    () => Array.from({ length: one([0, 1, 40, 5000, 60_000]) ?? 0 }, () => one([1, "x", null, "\0"])),
    () => Object.fromEntries(Array.from({ length: one([1, 50, 5000]) ?? 1 }, (_, index) => [`key${index}`, index])),
    () => ({ "\0": 1, __proto__: null, constructor: { prototype: 1 } }),
    () => [one(places), one(places)],
  ];
  return one(makers)?.();
}

const PARAMETERS: Record<string, string[]> = {
  codex: [
    "images",
    "output_schema",
    "model",
    "reasoning_effort",
    "profile",
    "session_id",
    "base",
    "prompt",
    "cwd",
    "topic",
  ],
  codex_dispatch: ["images", "output_schema", "cwd", "topic", "timeout_seconds", "include_uncommitted"],
  codex_status: ["task_id", "cursor", "cwd", "limit", "since_event", "status"],
  codex_wait: ["task_ids", "timeout_seconds", "mode"],
  codex_cancel: ["task_id"],
  codex_diff: ["task_id", "paths", "patch"],
  codex_merge: ["task_ids", "message", "into", "strategy", "require_check", "check"],
  codex_discard: ["task_id", "restore", "skip_large_ignored"],
};

/** A call whose arguments are mostly right, and in one place or two as they should not be. */
function hostileCall(): { name: string; args: Record<string, unknown> } {
  const name = one(Object.keys(PARAMETERS)) ?? "codex";
  // An unknown profile keeps what is right by accident from being run.
  const start = {
    prompt: "FUZZ",
    cwd: join(world.root, "project"),
    topic: "review-a-v1",
    sandbox: "read-only",
    profile: "none",
  };
  const args: Record<string, unknown> = name.startsWith("codex_") && name !== "codex_dispatch" ? {} : { ...start };
  if (name === "codex_wait") Object.assign(args, { task_ids: ["none"], timeout_seconds: 0 });
  const parameters = [...(PARAMETERS[name] ?? []), "unknown"];
  for (let count = 0; count <= random(2); count++) args[one(parameters) ?? ""] = hostileValue();
  return { name, args };
}

let lastId = 1_000_000;

async function callRaw(json: string, id: number): Promise<WireMessage> {
  client.sendLine(json);
  return client.until((message) => message.id === id);
}

test(`${ROUNDS} hostile calls are each answered, and hold nobody up (FUZZ_ROUNDS, FUZZ_SEED)`, async () => {
  let worst = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const { name, args } = hostileCall();
    const id = ++lastId;
    const json = toJson({ jsonrpc: "2.0", method: "tools/call", params: { name, arguments: args }, id });
    const answer = callRaw(json, id);
    const pinged = performance.now();
    const ping = ++lastId;
    client.send({ id: ping, method: "ping" });
    await client.until((message) => message.id === ping);
    worst = Math.max(worst, performance.now() - pinged);
    const { result, error } = await answer;
    const text = JSON.stringify(result ?? error);
    const what = `seed ${SEED}, round ${round}: ${name}(${json.slice(0, 300)})`;
    expect({ what, isAnswer: result !== undefined || error !== undefined }).toEqual({ what, isAnswer: true });
    expect({ what, text: text.slice(0, 500) }).not.toMatchObject({
      text: expect.stringMatching(/internal|state_unusable/) as string,
    });
    expect({ what, isShort: text.length < 20_000 }).toEqual({ what, isShort: true });
    client.received.length = 0;
  }
  console.error(`hostile calls: the worst ping took ${Math.round(worst)} ms; peak ${peakMiB(client.pid)} MiB`);
  expect(worst).toBeLessThan(PING_MS);
  expect(peakMiB(client.pid)).toBeLessThan(300);
}, 300_000);

test("a message beyond all size, and one of too many values, are refused by their ids; the connection stays", async () => {
  const large = ++lastId;
  const answers = [
    callRaw(
      `{"jsonrpc":"2.0","method":"ping","params":{"_meta":{"x":"${"x".repeat(20_000_000)}"}},"id":${large}}`,
      large,
    ),
  ];
  const many = ++lastId;
  answers.push(
    callRaw(`{"jsonrpc":"2.0","id":${many},"method":"ping","params":{"_meta":{"x":[${"1,".repeat(200_000)}1]}}}`, many),
  );
  for (const { error } of await Promise.all(answers)) expect(error).toMatchObject({ code: -32_600 });
  expect(await client.ask("ping")).toMatchObject({ result: {} });
});

test("a refusal that repeats control characters is short, and shows them", async () => {
  const args = { prompt: "x", cwd: "\u0001".repeat(100_000), topic: "review-a-v1", sandbox: "read-only" };
  const { result } = await client.ask("tools/call", { name: "codex_dispatch", arguments: args });
  const text = JSON.stringify(result);
  expect(text).toContain("x01");
  expect(text.length).toBeLessThan(20_000);
});

test("a schema that is nested without end is refused by name", async () => {
  const id = ++lastId;
  const args = {
    prompt: "x",
    cwd: world.root,
    topic: "review-deep-v1",
    sandbox: "read-only",
    output_schema: nest(50_000, '{"a":', "}"),
  };
  const answer = await callRaw(
    toJson({ jsonrpc: "2.0", id, method: "tools/call", params: { name: "codex", arguments: args } }),
    id,
  );
  expect(JSON.stringify(answer)).toContain("invalid_argument");
  expect(JSON.stringify(answer)).toContain("output_schema is nested deeper than 64 levels");
});
