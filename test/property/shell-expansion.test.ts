// Words whose expansion the audit claims to know are what bash makes of them.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import * as fc from "fast-check";
import { quoteForShell } from "#base/text.ts";
import { judgeCommand } from "#readonly/audit/judge-command.ts";
import type { Value } from "#readonly/audit/value.ts";
import { runs } from "../support/property.ts";
import { shellAssignments, shellStatements, shellWords, variableWords } from "../support/shell-words.ts";

let folder: string;
let temporary: string;
let work: string;
beforeAll(() => {
  folder = realpathSync(mkdtempSync("/var/tmp/codexmcp-words-"));
  temporary = join(folder, "tmp");
  // Every folder leads to folders .d and .e, so that each cd succeeds, as the audit assumes.
  work = join(folder, "w/".repeat(12), "work");
  mkdirSync(work, { recursive: true });
  for (let at = work; at !== dirname(folder); at = dirname(at)) {
    for (const name of [".d", ".e"]) symlinkSync(".", join(at, name));
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Memory in KiB, processor time in seconds, size of files and number of open ones that bash may use. */
const LIMITS = "ulimit -v 500000 -t 5 -f 0 -n 64";

/** Returns the words that bash makes; undefined if the script ends before they are printed. */
function askBash(script: string): string[] | undefined {
  // Patterns stand for themselves; no program can be found.
  const { stdout, exitCode } = Bun.spawnSync(["/bin/bash", "--norc", "--noprofile", "-fc", `${LIMITS}\n${script}`], {
    cwd: work,
    env: { PATH: "/nonexistent", TMPDIR: temporary, TMP: temporary, TEMP: temporary, LC_ALL: "C.UTF-8" },
    stdin: "ignore",
    stderr: "ignore",
    timeout: 10_000,
  });
  const words = stdout.toString().split("\0").slice(0, -1);
  return exitCode === 0 && words[0] === "first" ? words.slice(1) : undefined;
}

/** Returns the words of the script's last command, as far as the audit knows them; undefined if it knows nothing of the script. */
function askAudit(script: string): readonly Value[] | undefined {
  const { programs, does } = judgeCommand(script, { folder: work, temporary });
  if (programs.length === 0 && does === "unknown") return undefined;
  // Functions that are not called are judged after everything else.
  const last = programs.findLast(({ args }) => args[1]?.text === "first");
  expect(last?.name).toBe("printf");
  expect(last?.args.slice(0, 2).map(({ text }) => text)).toEqual(["%s\\0", "first"]);
  return last?.args.slice(2) ?? [];
}

/** Scripts that print words at their end, some of them in a shell of its own. */
const scripts = fc
  .record({
    assignments: fc.array(shellAssignments, { maxLength: 2 }),
    statements: fc.array(shellStatements, { maxLength: 2 }),
    words: fc.array(fc.oneof(shellWords, variableWords), { minLength: 1, maxLength: 2 }),
    joint: fc.oneof(
      { weight: 4, arbitrary: fc.constant("\n") },
      fc.constantFrom(" && ", " || false && ", " || x=1 && "),
    ),
    isNested: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, fc.constant(true)),
  })
  .map(({ assignments, statements, words, joint, isNested }) => {
    const print = `printf '%s\\0' first ${words.join(" ")}`;
    const last = isNested ? `/bin/bash -fc ${quoteForShell(print)}` : print;
    const before = [...assignments, ...statements].join("\n");
    return before === "" ? last : `${before}${joint}${last}`;
  });

let known = 0;

test("what is known of a word is what bash makes of it", () => {
  const property = fc.property(scripts, (script) => {
    const words = askBash(script);
    const values = askAudit(script);
    if (words === undefined || values === undefined) return;
    const isAllKnown = values.every(({ isKnown }) => isKnown);
    if (isAllKnown) {
      known++;
      return expect(values.map(({ text }) => text)).toEqual(words);
    }
    const unknown = values.findIndex(({ isKnown }) => !isKnown);
    const end = values.length - 1 - values.findLastIndex(({ isKnown }) => !isKnown);
    expect(values.slice(0, unknown).map(({ text }) => text)).toEqual(words.slice(0, unknown));
    expect(values.slice(values.length - end).map(({ text }) => text)).toEqual(words.slice(words.length - end));
  });
  fc.assert(property, runs(0.25));
  expect(known).toBeGreaterThan(0);
});
