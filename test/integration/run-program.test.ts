import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type ProgramStart, runProgram, startProgram } from "#platform/start/run-program.ts";
import { Scratch } from "../support/scratch.ts";

const scratch = new Scratch();
afterAll(() => scratch.close());

/** A shell script that is run so. */
function script(text: string, more: Partial<ProgramStart> = {}): ProgramStart {
  const environment = { PATH: process.env["PATH"] };
  return { command: ["/bin/sh", "-c", text], folder: scratch.root, environment, deadlineMs: 20_000, ...more };
}

function isAlive(pid: number): boolean {
  const status = `/proc/${pid}/status`;
  return existsSync(status) && !/^State:\s+[ZX]/m.test(readFileSync(status, "utf8"));
}

async function untilGone(pid: number): Promise<void> {
  for (let look = 0; look < 500 && isAlive(pid); look++) await Bun.sleep(10);
  expect(isAlive(pid)).toBe(false);
}

test("exit status, output and errors are told as they came, in bytes", async () => {
  const result = await runProgram(script(String.raw`printf 'a\377\000b'; echo bad >&2; exit 3`));
  expect(result).toMatchObject({ exitCode: 3, signal: undefined, timedOut: false, aborted: false });
  expect([...result.stdout]).toEqual([0x61, 0xff, 0x00, 0x62]);
  expect(result.stderr.toString()).toBe("bad\n");
});

test("a program reads the input that is meant for it, or nothing: never this process's own", async () => {
  expect((await runProgram(script("cat", { input: Buffer.from("given") }))).stdout.toString()).toBe("given");
  expect((await runProgram(script("cat"))).stdout.toString()).toBe("");
});

test("a program has no terminal, and a session of its own", async () => {
  const { stdout } = await runProgram(script("(: </dev/tty) 2>/dev/null && echo tty; ps -o sid= -p $$; echo $$"));
  const [session, pid] = stdout.toString().trim().split(/\s+/);
  expect(session).toBe(String(pid));
});

describe.skipIf(process.platform !== "linux")("a program that is ended takes its group along", () => {
  // What is ignored here is ignored by its children, too: only SIGKILL ends them.
  const family = 'trap "" TERM INT; sleep 600 & echo $! > children; (sleep 600; :) & echo $! >> children; wait';

  async function expectEnd(end: Promise<unknown>): Promise<void> {
    await end;
    const pids = readFileSync(join(scratch.root, "children"), "utf8").trim().split("\n").map(Number);
    expect(pids).toHaveLength(2);
    for (const pid of pids) await untilGone(pid);
  }

  test("at its deadline", async () => {
    const end = runProgram(script(family, { deadlineMs: 300 }));
    await expectEnd(end);
    expect(await end).toMatchObject({ timedOut: true, exitCode: undefined, signal: "SIGKILL" });
  });

  test("when it is aborted", async () => {
    const abort = new AbortController();
    const end = runProgram(script(family, { signal: abort.signal }));
    while (!existsSync(join(scratch.root, "children"))) await Bun.sleep(10);
    setTimeout(() => abort.abort(), 300);
    await expectEnd(end);
    expect(await end).toMatchObject({ aborted: true, timedOut: false });
  });

  test("when it writes more than is read", async () => {
    const end = runProgram(script(`sleep 600 & echo $! > endless; yes`, { maxOutputBytes: 100_000 }));
    const { overflowed, stdout } = await end;
    expect({ overflowed, bytes: stdout.length }).toEqual({ overflowed: true, bytes: 100_000 });
    await untilGone(Number(readFileSync(join(scratch.root, "endless"), "utf8")));
  });
});

test("one that is aborted beforehand is not started", async () => {
  const result = await runProgram(script("touch started", { signal: AbortSignal.abort() }));
  expect(result.aborted).toBe(true);
  expect(existsSync(join(scratch.root, "started"))).toBe(false);
});

test("a process that is left behind with the pipes does not hold its end up, and lives on", async () => {
  const { exitCode, stdout } = await runProgram(script("sleep 600 & echo $!; exit 7"));
  const pid = Number(stdout.toString());
  try {
    expect(exitCode).toBe(7);
    expect(isAlive(pid)).toBe(true);
  } finally {
    process.kill(pid, "SIGKILL");
  }
});

test("nothing of a long output is lost at the end, whatever its length", async () => {
  for (const bytes of [0, 1, 65_535, 65_537, 3_000_000]) {
    const { stdout, overflowed } = await runProgram(
      script(`head -c ${bytes} /dev/zero`, { maxOutputBytes: 3_000_000 }),
    );
    expect({ bytes: stdout.length, overflowed }).toEqual({ bytes, overflowed: false });
  }
});

test("what is said on standard error is bounded too, and the writer not held up", async () => {
  const { exitCode, stderr } = await runProgram(script("head -c 3000000 /dev/zero >&2; exit 4"));
  expect({ exitCode, bytes: stderr.length }).toEqual({ exitCode: 4, bytes: 256 * 1024 });
  const long = await runProgram(script("echo first >&2; head -c 3000000 /dev/zero >&2; echo last >&2"));
  expect(long.stderr.toString()).toStartWith("first\n");
  expect(long.stderr.toString()).toEndWith("last\n");
});

test.skipIf(process.platform !== "linux")(
  "one that waits for a pipe that nobody serves is ended, also in a child",
  async () => {
    Bun.spawnSync(["mkfifo", join(scratch.root, "pipe")]);
    for (const text of ["cat pipe", "(cat pipe; :); :"]) {
      const result = await runProgram(script(text, { endsWhenBlocked: true }));
      expect(result).toMatchObject({ blocked: true, timedOut: false });
    }
  },
);

test.skipIf(process.platform !== "linux")("one that takes more memory than it may fails by itself", async () => {
  const endless = script(`perl -e 'select(undef, undef, undef, 0.5); $n = 1e9; $x = "x" x $n; print "done"'`, {
    maxMemoryBytes: 32 * 1024 * 1024,
  });
  const { stdout, stderr } = await runProgram(endless);
  expect(stdout.toString()).toBe("");
  expect(stderr.toString()).toMatch(/memory/i);
});

test("a program is written to while it runs", async () => {
  const running = startProgram(script("cat"));
  await running.stdin.write("one ");
  await running.stdin.write("two");
  await running.stdin.end();
  const { exitCode, stdout } = await running.ended;
  expect({ exitCode, text: stdout.toString() }).toEqual({ exitCode: 0, text: "one two" });
});

test("a program that cannot be started says why", async () => {
  const nowhere = script("true", { folder: join(scratch.root, "nowhere") });
  expect(await runProgram(nowhere).catch((error: unknown) => error)).toBeInstanceOf(Error);
});

test.skipIf(process.platform !== "linux")("programs end with this process, whatever ends that", async () => {
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    const pidFile = join(scratch.root, `child-${signal}`);
    const code = `import { runProgram } from ${JSON.stringify(join(import.meta.dir, "../../src/platform/start/run-program.ts"))};
      await runProgram({ command: ["/bin/sh", "-c", "echo $$ > ${pidFile}.new; mv ${pidFile}.new ${pidFile}; sleep 600; :"],
        folder: "/", environment: process.env, deadlineMs: 60000 });`;
    const parent = Bun.spawn([process.execPath, "-e", code], { stdio: ["ignore", "inherit", "inherit"] });
    while (!existsSync(pidFile)) await Bun.sleep(10);
    parent.kill(signal);
    await parent.exited;
    expect(parent.signalCode).toBe(signal);
    await untilGone(Number(readFileSync(pidFile, "utf8")));
  }
});
