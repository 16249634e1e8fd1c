// What the connection to a client holds of a message whose line does not end, whatever it is made of.
import { expect, test } from "bun:test";
import { join } from "node:path";

const TRANSPORT = join(import.meta.dir, "../../src/mcp/protocol/stdio-transport.ts");
/** Feeds the transport as standard input does, and tells the most memory that it has held. */
const CHILD = `
const { StdioTransport } = await import(${JSON.stringify(TRANSPORT)});
const [start, repeated, total, chunk] = JSON.parse(process.argv.at(-1));
const transport = new StdioTransport();
await transport.start();
const piece = Buffer.from(repeated.repeat(Math.max(1, Math.floor(chunk / repeated.length))));
process.stdin.emit("data", Buffer.from(start));
for (let sent = 0; sent < total; sent += piece.length) process.stdin.emit("data", Buffer.from(piece));
const peak = /VmHWM:\\s+(\\d+)/.exec(require("node:fs").readFileSync("/proc/self/status", "utf8"))[1];
process.stdout.write(peak);
process.exit(0);
`;

function peakMiB(start: string, repeated: string, total: number, chunk = 64 * 1024): number {
  const feed = JSON.stringify([start, repeated, total, chunk]);
  const child = Bun.spawnSync([process.execPath, "-e", CHILD, "--", feed], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  expect({ exitCode: child.exitCode, stderr: child.stderr.toString() }).toEqual({ exitCode: 0, stderr: "" });
  return Number(child.stdout.toString()) / 1024;
}

const SENT = 24 * 1024 * 1024;
/** Far below what a few bytes for each byte sent come to. */
const MAX_MORE_MIB = 64;

test.skipIf(process.platform !== "linux")("a message without an end holds no more memory than a flat one", () => {
  const flat = peakMiB('{"id":1,"a":"', "x", SENT);
  const deep = "[".repeat(200);
  for (const [start, repeated] of [
    [deep, "[],"],
    [deep, "[]"],
    [deep, "{}"],
    [deep, "]["],
    [deep, '{"a":[[]]}'],
    ["", "["],
    ["", "]"],
    ["{", '"a":1,'],
    ["{", "x"],
  ] as const) {
    expect({ repeated, more: peakMiB(start, repeated, SENT) - flat > MAX_MORE_MIB }).toEqual({ repeated, more: false });
  }
});

test.skipIf(process.platform !== "linux")(
  "a message that comes in byte by byte holds its bytes, and not its chunks",
  () => {
    const bytes = 3 * 1024 * 1024;
    const flat = peakMiB('{"id":1,"a":"', "x", bytes);
    expect(peakMiB('{"id":1,"a":"', "x", bytes, 1) - flat).toBeLessThan(MAX_MORE_MIB * 2);
  },
);
