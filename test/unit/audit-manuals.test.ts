import { describe, expect, test } from "bun:test";
import { judgeCommand } from "#readonly/audit/judge-command.ts";
import { judgeRun } from "#readonly/audit/judge-run.ts";
import { SHELL_EVASIONS } from "../fixtures/shell-evasions.ts";
import { MANUAL_READS, MANUAL_WRITES } from "../support/command-lists.ts";

const surroundings = { folder: "/srv/project", temporary: "/state/tmp" };
const verdictOn = (command: string) =>
  judgeRun({
    surroundings,
    commands: [{ command: `/bin/bash -lc '${command.replaceAll("'", `'"'"'`)}'`, exitCode: 0 }],
    patches: [],
    differences: [],
    top: "/srv/project",
    protection: { writable: ["/state/tmp"] },
  });

const reads = Object.values(MANUAL_READS).flat();
const writes = Object.values(MANUAL_WRITES).flat();

test("there are enough command lines, each once", () => {
  expect(reads.length).toBeGreaterThanOrEqual(200);
  expect(writes.length).toBeGreaterThanOrEqual(200);
  const all = [...reads, ...writes, ...SHELL_EVASIONS];
  expect(all.filter((command, index) => all.indexOf(command) !== index)).toEqual([]);
});

describe("a run of a command that only reads, by the manual of its program, is clean", () => {
  for (const command of reads) {
    test(command, () =>
      expect(verdictOn(command)).toMatchObject({ verdict: "CLEAN", violations: [], unknown_commands: [] }),
    );
  }
});

describe("a run of a command that writes or runs a program, by the manual of its program, is not clean", () => {
  for (const command of writes) {
    test(command, () => expect(verdictOn(command).verdict).not.toBe("CLEAN"));
  }
});

describe("functions, aliases, traps, variables and expansions are followed, or the command is unknown", () => {
  for (const command of SHELL_EVASIONS) {
    test(command, () => expect(verdictOn(command).verdict).not.toBe("CLEAN"));
  }
});

describe("what a function, an alias or a trap certainly writes is a write", () => {
  for (const command of [
    "f() { rm -f a.txt; }; f",
    'f() { "$@"; }; f rm a.txt',
    "f() { $1 a.txt; }; f rm",
    "rm() { command rm a.txt; }; rm",
    "f() { g; }; g() { rm a.txt; }; f",
    "function f { rm a.txt; }; f > /dev/null",
    "f() { rm a.txt; }",
    "alias ls='rm a.txt'; ls",
    "alias r=rm\nr a.txt",
    "trap 'rm a.txt' EXIT",
    "trap '$x a.txt' EXIT; x=rm",
    "eval 'x=rm'; $x a.txt",
    "coproc rm a.txt",
    "env -S 'rm a.txt'",
    "watch 'rm a.txt'",
    "{ bash; } <<< ls; rm a.txt",
  ]) {
    test(command, () => expect(judgeCommand(command, surroundings).does).toBe("writes"));
  }
});

describe("what a function or a loop only reads stays reading", () => {
  for (const command of [
    'f() { cat "$1"; }; f a.txt',
    'f() { "$@"; }; f ls -la',
    'show() { git log -1 -- "$1"; }; show a; show b',
    "alias ll='ls -la'; ll",
    "trap 'echo done' EXIT; ls",
    "trap - INT; trap -p",
    'for f in src/*.ts; do sed -n 1,5p "$f"; done',
    "for f in a b; do sort $f; done",
    'while IFS= read -r line; do echo "$line"; done < a.txt',
    "x=1; for i in 1 2 3; do x=$((x + i)); done; echo $x",
    "cd src && ls && cat app.ts",
    'n=$(wc -l < a.txt); [ "$n" -gt 3 ] && head -n "$n" a.txt',
    "git diff $(git merge-base main HEAD)..HEAD",
    "t=$(mktemp -d) && cd $t && echo x > a && cat a",
    'declare -a list=(a b); echo "${list[@]}"',
    "echo {1..10} {a,b}",
    "[[ -f a.txt && $(wc -l < a.txt) -gt 1 ]] && echo more",
  ]) {
    test(command, () => expect(judgeCommand(command, surroundings)).toMatchObject({ does: "reads", unknowns: [] }));
  }
});
