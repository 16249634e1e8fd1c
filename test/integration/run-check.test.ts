import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CheckEnd } from "#tasks/check/run-check.ts";
import { killNamed, makeToken, processesNamed } from "../support/escapes.ts";

const root = mkdtempSync("/var/tmp/codexmcp-check-");
const token = makeToken();
afterAll(() => {
  killNamed(token);
  rmSync(root, { recursive: true, force: true });
});

const outputFile = join(root, "check.log");

const SCRIPT = fileURLToPath(import.meta.resolve("../support/checking-process.ts"));

/** Starts a check in a process of its own, whose children do not have the test's files open. */
function start(command: string, more: object = {}): { ended: Promise<CheckEnd>; abort: () => void } {
  const environment = { PATH: process.env["PATH"] ?? "" };
  const run = JSON.stringify({ command, folder: root, environment, outputFile, timeoutMs: 0, ...more });
  const child = Bun.spawn([process.execPath, SCRIPT, run], { stdio: ["ignore", "pipe", "inherit"] });
  return { ended: child.stdout.json() as Promise<CheckEnd>, abort: () => child.kill("SIGUSR2") };
}

async function check(command: string, more: object = {}): Promise<CheckEnd> {
  return start(command, more).ended;
}

test("a command passes with status 0; both its outputs are kept in their order, in a private file", async () => {
  const end = await check("echo one; echo two >&2; echo three");
  expect(end).toMatchObject({ exitCode: 0, outputTail: "one\ntwo\nthree\n" });
  expect(end).not.toHaveProperty("why");
  expect(readFileSync(outputFile, "utf8")).toBe("one\ntwo\nthree\n");
  expect(statSync(outputFile).mode & 0o777).toBe(0o600);
});

test("a command that fails, does not exist or is killed is told apart", async () => {
  expect(await check("exit 3")).toMatchObject({ exitCode: 3 });
  expect(await check("no-such-command")).toMatchObject({ exitCode: 127 });
  expect(await check("kill -9 $$")).toMatchObject({ why: "SIGKILL ended it" });
  expect(await check("true", { folder: join(root, "gone") })).toMatchObject({
    why: expect.stringContaining("it could not be started"),
  });
});

test("a command has no standard input and no terminal", async () => {
  expect(await check("cat; test -t 0 || test -t 1 || echo none")).toMatchObject({ exitCode: 0, outputTail: "none\n" });
});

test("an output of 100 MB leaves its beginning and its end, and says how much is missing", async () => {
  const end = await check("echo first; yes 0123456789abcde | head -c 100000000; echo; echo last; exit 1");
  expect(end.exitCode).toBe(1);
  expect(end.outputTail).toEndWith("0123456789abcde\n\nlast\n");
  expect(Buffer.byteLength(end.outputTail)).toBeLessThanOrEqual(8192);
  const kept = readFileSync(outputFile, "utf8");
  expect(kept.length).toBeLessThan(4.1 * 1024 * 1024);
  expect(kept).toStartWith("first\n0123");
  const [, missing] = /\n\[… (\d+) bytes of output are missing here …\]\n/.exec(kept) ?? [];
  const gap = `\n[… ${missing} bytes of output are missing here …]\n`;
  expect(Buffer.byteLength(kept) - Buffer.byteLength(gap) + Number(missing)).toBe(100_000_000 + 12);
  expect(kept).toEndWith("last\n");
});

test("a file that cannot be written, or is none, does not prevent the check", async () => {
  const missing = { outputFile: join(root, "missing", "check.log") };
  expect(await check("echo kept", missing)).toMatchObject({ exitCode: 0, outputTail: "kept\n" });
  const pipe = join(root, "pipe");
  Bun.spawnSync(["mkfifo", pipe]);
  expect(await check("echo kept", { outputFile: pipe })).toMatchObject({ exitCode: 0, outputTail: "kept\n" });
  expect(readFileSync(pipe, "utf8")).toBe("kept\n");
});

test("controls, colours and torn characters in the output are readable", async () => {
  const { outputTail } = await check(String.raw`printf '\033[31mred\033[0m\000\b\377 \303\274\r\n'`);
  expect(outputTail).toBe("red\\x00\\x08\\xff ü\n");
  const torn = await check("yes ü | tr -d '\\n' | head -c 20000; printf x");
  expect(torn.outputTail).toMatch(/^ü+x$/);
});

test("processes that a command leaves do not delay its end, and are ended with it", async () => {
  const daemon = `sh -c 'sleep ${token} & sleep ${token}'`;
  const end = await check(`setsid ${daemon} & env -i PATH="$PATH" setsid ${daemon} & sleep 0.3; echo done`);
  expect(end).toMatchObject({ exitCode: 0, outputTail: "done\n" });
  expect(end.seconds).toBeLessThan(15);
  expect(processesNamed(token)).toEqual([]);
});

test("the timeout ends a command that ignores signals, with all its processes", async () => {
  const end = await check(
    `trap '' INT TERM HUP; setsid sleep ${token} & echo begun; while :; do sleep ${token}; done`,
    {
      timeoutMs: 700,
    },
  );
  expect(end).toMatchObject({ why: "it took longer than 0.7 s", outputTail: "begun\n" });
  expect(processesNamed(token)).toEqual([]);
});

test("an abort ends a command that forks without end", async () => {
  const forks = `f() { sleep ${token} & sleep 0.01; f & }; f; wait`;
  const { ended, abort } = start(forks);
  while (processesNamed(`sleep\0${token}`).length < 5) await Bun.sleep(10);
  abort();
  expect(await ended).toMatchObject({ why: "it was stopped" });
  expect(processesNamed(token)).toEqual([]);
});

test("a check that is aborted before its start ends at once", async () => {
  expect(await check("sleep 600", { isAborted: true })).toMatchObject({ why: "it was stopped" });
});
