import { describe, expect, test } from "bun:test";
import { judgeCommand, judgeCommands, withoutShell } from "#readonly/audit/judge-command.ts";
import { judgeRun, type RunEvidence } from "#readonly/audit/judge-run.ts";
import { READING, UNKNOWN, WRITING } from "../fixtures/audit-commands.ts";
import { REVIEW_COMMANDS } from "../fixtures/review-commands.ts";

const surroundings = { folder: "/srv/project", temporary: "/home/me/tmp" };

describe("commands are judged by what they do", () => {
  test("there are enough cases of each kind", () => {
    expect(REVIEW_COMMANDS.length).toBeGreaterThanOrEqual(40);
    const all = [...READING, ...WRITING, ...UNKNOWN];
    expect(new Set(all).size).toBe(all.length);
    expect(all.length).toBeGreaterThanOrEqual(120);
  });
  for (const [does, commands] of Object.entries({ reads: READING, writes: WRITING, unknown: UNKNOWN })) {
    for (const command of commands) {
      test(`${does}: ${command}`, () => {
        const judgement = judgeCommand(command, surroundings);
        expect({ ...judgement, does: judgement.does }).toMatchObject({ does });
      });
      test(`${does} within the shell that Codex puts around it: ${command}`, () => {
        const quoted = `/bin/bash -lc '${command.replaceAll("'", `'"'"'`)}'`;
        expect(withoutShell(quoted)).toBe(command);
        // What only runs as a whole script (a heredoc) means the same within another.
        expect(judgeCommand(quoted, surroundings).does).toBe(judgeCommand(command, surroundings).does);
      });
    }
  }

  test("what is written, where, and how far it reaches", () => {
    expect(judgeCommand("cd sub && echo x > a.txt; chmod +x b; git push", surroundings).writes).toEqual([
      { why: "> writes to a.txt", targets: ["/srv/project/sub/a.txt"], reach: "files" },
      { why: "chmod changes attributes", targets: ["/srv/project/sub/b"], reach: "attributes" },
      { why: "git push changes a remote repository", targets: [], reach: "beyond" },
    ]);
  });

  test("a subshell's folder and variables are its own", () => {
    expect(judgeCommand("(cd $TMPDIR && touch a); touch b", surroundings).writes).toMatchObject([
      { targets: ["/srv/project/b"] },
    ]);
    expect(judgeCommand("x=/src; false && x=$TMPDIR; rm $x/f", surroundings).does).toBe("writes");
  });

  test("a text that would keep a parser busy for ever is judged all the same", () => {
    const nested = Array.from({ length: 14 }).reduce<string>((inner) => `bash -c ${JSON.stringify(inner)}`, "ls");
    expect(judgeCommand(nested, surroundings).does).not.toBe("reads");
    expect(judgeCommand("$(".repeat(5000), surroundings).does).not.toBe("reads");
  });
});

describe("a run is judged by its commands, its patches and the workspace", () => {
  const clean: RunEvidence = {
    surroundings,
    commands: [{ command: "/bin/bash -lc 'ls'", exitCode: 0 }],
    patches: [],
    differences: [],
    top: "/srv/project",
    protection: { writable: ["/home/me/.codex"] },
  };
  const writing = { command: "/bin/bash -lc 'echo x > f'", exitCode: 0 };

  test("nothing is nothing", () => {
    expect(judgeRun(clean)).toEqual({
      verdict: "CLEAN",
      violations_detected: 0,
      violations: [],
      unknown_commands: [],
      commands_judged: 1,
    });
  });
  test("what the kernel refused was attempted, not done", () => {
    expect(judgeRun({ ...clean, commands: [writing] })).toMatchObject({
      verdict: "VIOLATION",
      violations: [{ kind: "command", command: "echo x > f", why: ["> writes to f"], took_effect: false }],
    });
  });
  test("without the kernel, a success counts as done, and so does a failure that changed something; else nobody knows", () => {
    const tookEffect = (more: Partial<RunEvidence>) =>
      judgeRun({ ...clean, protection: undefined, ...more }).violations.map((violation) => violation.took_effect);
    expect(tookEffect({ commands: [writing] })).toEqual([true]);
    expect(tookEffect({ commands: [{ ...writing, exitCode: 1 }] })).toEqual(["unknown"]);
    const differences = [{ path: "f", change: "added" }];
    expect(tookEffect({ commands: [{ ...writing, exitCode: 1 }], differences })).toEqual([true, true]);
    expect(tookEffect({ commands: [{ command: writing.command }] })).toEqual(["unknown"]);
  });
  test("the kernel does not look at permissions, other machines, and the folders that Codex needs", () => {
    const took = (command: string) =>
      judgeRun({ ...clean, commands: [{ command, exitCode: 0 }] }).violations[0]?.took_effect;
    expect(took("chmod 600 f")).toBe(true);
    expect(took("git push")).toBe(true);
    expect(took("echo x > /home/me/.codex/config.toml")).toBe(true);
    expect(took("echo x > /home/me/.codexes/config.toml")).toBe(false);
  });
  test("a run with a command that nobody can judge is never called clean", () => {
    const commands = [{ command: "./run.sh", exitCode: 0 }];
    expect(judgeRun({ ...clean, commands })).toMatchObject({
      verdict: "UNVERIFIED",
      violations: [],
      unknown_commands: ["./run.sh (./run.sh is not a known program)"],
    });
    const differences = [{ path: "src/a.ts", change: "content" }];
    expect(judgeRun({ ...clean, commands, differences })).toMatchObject({
      verdict: "VIOLATION",
      violations: [{ kind: "workspace", path: "src/a.ts", change: "content", took_effect: true }],
    });
  });
  test("a patch counts, refused or not", () => {
    const patches = [{ path: "/srv/project/new.ts", change: "add", isApplied: false }];
    expect(judgeRun({ ...clean, patches }).violations).toEqual([
      { kind: "file_change", path: "/srv/project/new.ts", change: "add", took_effect: false },
    ]);
  });
  test("a patch whose end nobody saw has taken effect where the workspace shows it, also in a new folder", () => {
    const patches = [{ path: "/srv/project/new/a.ts", change: "add", isApplied: false }];
    const differences = [{ path: "new/", change: "added" }];
    expect(judgeRun({ ...clean, patches, differences }).violations[0]).toMatchObject({ took_effect: true });
  });
  test("more commands than are analyzed are unknown", () => {
    const commands = Array.from({ length: 20_000 }, (_, index) => ({ command: `cat ${index}`, exitCode: 0 }));
    expect(judgeRun({ ...clean, commands }).verdict).toBe("UNVERIFIED");
    const unknowns = judgeCommands(
      commands.map(({ command }) => command),
      surroundings,
    ).at(-1)?.unknowns;
    expect(unknowns).toEqual(["one of more commands than are analyzed"]);
  });
  test("a long list is cut, and its length told", () => {
    const judgement = judgeRun({ ...clean, commands: Array.from({ length: 250 }, () => writing) });
    expect([judgement.violations.length, judgement.violations_detected]).toEqual([100, 250]);
  });
});
