import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ACTS, PROMPTS } from "../../scripts/demo/stage.ts";
import { normaliseTranscript, parseCast, transcriptOf } from "../../scripts/picture/cast.ts";
import { processesOf } from "../support/processes.ts";
import { Scratch } from "../support/scratch.ts";

const ROOT = join(import.meta.dir, "..", "..");
const MAX_LINES = 75;
const MAX_WIDTH = 100;
const ESCAPE = "\u001B";

interface DemoRun {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** A tool call and its answer, as `--json` prints them. */
interface Call {
  tool: string;
  arguments: { cwd?: string; topic?: string };
  answer: Record<string, unknown>;
}

/** Starts the demo with the binary that there is: others use it meanwhile. */
function startDemo(options: readonly string[], more: Record<string, string> = {}) {
  const { NO_COLOR: _no, FORCE_COLOR: _force, ...environment } = process.env;
  return Bun.spawn(["bun", join(ROOT, "scripts", "demo.ts"), "--built", ...options], {
    env: { ...environment, ...more },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function runDemo(options: readonly string[], more: Record<string, string> = {}): Promise<DemoRun> {
  const run = startDemo(options, more);
  const [exitCode, stdout, stderr] = await Promise.all([run.exited, run.stdout.text(), run.stderr.text()]);
  return { exitCode, stdout, stderr };
}

function parseCalls(stdout: string): Call[] {
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Call);
}

/** Returns the folder of a demo, from a call that it made. */
function folderOf([call]: readonly Call[]): string {
  const [folder] = /^\/var\/tmp\/codexmcp-[^/]+/.exec(call?.arguments.cwd ?? "") ?? [];
  if (folder === undefined) throw new Error(`not the folder of a demo: ${JSON.stringify(call)}`);
  return folder;
}

function expectNothingLeft(folder: string): void {
  expect(existsSync(folder)).toBe(false);
  expect(processesOf(folder)).toEqual([]);
}

describe("the demo", () => {
  test("tells its story in short lines, as the recording for the pictures has it", async () => {
    const { exitCode, stdout, stderr } = await runDemo([]);
    expect(stderr).toBe("");
    expect(exitCode).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.length).toBeLessThanOrEqual(MAX_LINES);
    expect(lines.filter((line) => Bun.stringWidth(line) > MAX_WIDTH)).toEqual([]);
    for (const title of Object.values(ACTS)) expect(stdout).toContain(title);
    expect(stdout).not.toContain(ESCAPE);
    // Cut lines.
    expect(lines.filter((line) => line.endsWith("…"))).toEqual([]);
    const cast = parseCast(readFileSync(join(ROOT, "docs", "pictures", "demo.cast"), "utf8"));
    // If this fails because the demo was changed on purpose: npm run picture
    expect(normaliseTranscript(stdout)).toEqual(normaliseTranscript(transcriptOf(cast)));
  });

  test("--json prints one answer a line, and leaves nothing", async () => {
    const { exitCode, stdout } = await runDemo(["--json"]);
    expect(exitCode).toBe(0);
    const calls = parseCalls(stdout);
    expect(calls.map(({ tool }) => tool)).toEqual([
      "codex",
      "codex_dispatch",
      "codex_dispatch",
      "codex_wait",
      "codex_wait",
      "codex_merge",
      "codex",
      "codex_merge",
      "codex_discard",
      "codex_discard",
    ]);
    expect(calls[5]?.answer).toMatchObject({ success: false, code: "merge_conflict", merged: [{ into: "main" }] });
    expectNothingLeft(folderOf(calls));
  });

  // Ctrl-C, and a terminal that is closed.
  test.each(["SIGINT", "SIGHUP"] as const)("%s ends the tasks that run, and leaves nothing", async (signal) => {
    const run = startDemo(["--json"]);
    let stdout = "";
    for await (const chunk of run.stdout.pipeThrough(new TextDecoderStream())) {
      stdout += chunk;
      // Both modules are being written.
      if (stdout.includes(`"topic":"implement-count-v1"`)) run.kill(signal);
    }
    expect(await run.exited).toBe(130);
    expect(await run.stderr.text()).toBe("Interrupted: cleaning up.\n");
    expectNothingLeft(folderOf(parseCalls(stdout)));
  });

  test("a step that does not come out as it should ends it with 1, and leaves nothing", async () => {
    using scratch = new Scratch();
    const git = Bun.which("git") ?? "";
    const broken = join(scratch.root, "git");
    writeFileSync(broken, `#!/bin/sh\ncase " $* " in *" worktree add "*) exit 1;; esac\nexec ${git} "$@"\n`);
    chmodSync(broken, 0o755);
    const { exitCode, stdout, stderr } = await runDemo(["--json"], {
      PATH: `${scratch.root}:${process.env["PATH"] ?? ""}`,
    });
    expect(exitCode).toBe(1);
    expect(stderr).toContain("The demo did not come out as it should: implement-slug-v1 succeeds.");
    expectNothingLeft(folderOf(parseCalls(stdout)));
  });

  test("--help lists the options", async () => {
    const { exitCode, stdout } = await runDemo(["--help"]);
    expect(exitCode).toBe(0);
    for (const option of ["--real", "--keep", "--json"]) expect(stdout).toContain(option);
    expect(stdout).not.toContain(PROMPTS.review);
  });
});
