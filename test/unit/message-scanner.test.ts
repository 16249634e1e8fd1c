import { expect, test } from "bun:test";
import { MessageScanner, pruneMessage } from "../../src/mcp/protocol/message-scanner.ts";
import { randomOf } from "../support/hostile.ts";

function scan(line: Buffer, pieces: (left: number) => number): MessageScanner {
  const scanner = new MessageScanner();
  for (let at = 0; at < line.length;) {
    const length = Math.max(1, pieces(line.length - at));
    scanner.push(line.subarray(at, at + length));
    at += length;
  }
  return scanner;
}

function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

function randomValue(random: (below: number) => number, depth: number): unknown {
  const texts = ["", "id", '"', "\\", '\\"', "a,b:c{d[", "é\u0000", "x".repeat(300)];
  const kind = random(depth > 5 ? 4 : 7);
  if (kind < 2) return texts[random(texts.length)];
  if (kind === 2) return random(1000) / 7;
  if (kind === 3) return [true, false, null][random(3)];
  const parts = Array.from({ length: random(4) }, () => randomValue(random, depth + 1));
  return kind === 4 ? parts : Object.fromEntries(parts.map((part, index) => [texts[index] ?? "id", part]));
}

test("the id of any message is found, wherever it stands and however the bytes come in", () => {
  const random = randomOf(3);
  for (let round = 0; round < 2000; round++) {
    const id = [round, `"text" ${round}`, -1.5, "é,{"][random(4)];
    const [method, params] = ["tools/call", { id: "other", inner: randomValue(random, 0) }];
    const orders = [
      { id, method, params },
      { params, id, method },
      { method, params, id },
    ];
    const line = Buffer.from(JSON.stringify(orders[random(3)], null, random(2) === 0 ? undefined : "\t"));
    const scanner = scan(line, (left) => random(left + 1));
    expect(scanner.id).toEqual(id);
    expect(pruneMessage(line, scanner)).toBe(line);
  }
});

test("what is nested too deep is cut out, and the rest stays", () => {
  for (const [open, close] of [
    ["[", "]"],
    ['{"a":', "}"],
  ] as const) {
    for (const depth of [150, 201, 5000, 500_000]) {
      const deep = `${open.repeat(depth)}1${close.repeat(depth)}`;
      const line = Buffer.from(`{"id":7,"params":{"before":[1],"deep":${deep},"after":"]}"}}`);
      const scanner = scan(line, () => 4096);
      const parsed = JSON.parse(pruneMessage(line, scanner).toString()) as {
        params: { before: unknown; after: unknown };
      };
      expect(parsed).toMatchObject({ id: 7, params: { before: [1], after: "]}" } });
      expect(depthOf(parsed)).toBe(Math.min(depth + 2, 200));
    }
  }
});

test("any bytes at all are taken in", () => {
  const random = randomOf(5);
  for (let round = 0; round < 2000; round++) {
    const alphabet = Buffer.from('{}[]",:\\ id1\u00ff');
    const line = Buffer.from(Array.from({ length: random(400) }, () => alphabet[random(alphabet.length)] ?? 0));
    const scanner = scan(line, (left) => random(left + 1));
    expect(() => [scanner.id, pruneMessage(line, scanner)]).not.toThrow();
  }
});
