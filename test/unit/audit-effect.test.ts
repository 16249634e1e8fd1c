import { describe, expect, test } from "bun:test";
import { judgeCommand } from "#readonly/audit/judge-command.ts";
import { judgeRun, type RunEvidence } from "#readonly/audit/judge-run.ts";
import type { Effect } from "#domain/readonly-audit.ts";

const surroundings = { folder: "/srv/project", temporary: "/state/tmp" };
const enforced = { writable: ["/state/codex-home", "/state/tmp"], refusesAttributes: true };
const clean: RunEvidence = {
  surroundings,
  commands: [],
  patches: [],
  differences: [],
  top: "/srv/project",
  protection: enforced,
};

describe("whether a write happened is said only where it is certain", () => {
  const attributesPossible = { writable: enforced.writable };
  const cuttable = { ...enforced, allowsTruncation: true };
  const cases: [
    why: string,
    command: string,
    exit: number | undefined,
    protection: RunEvidence["protection"],
    Effect,
  ][] = [
    ["refused by the kernel", "echo x > f", 1, enforced, false],
    ["refused, though the script went on", "echo x > f; true", 0, enforced, false],
    ["into the run's own CODEX_HOME", "echo x > /state/codex-home/f", 0, enforced, true],
    ["there, and failed", "echo x > /state/codex-home/f", 1, enforced, "unknown"],
    [
      "to a place that nobody knows: it may be a device that keeps nothing",
      'echo x > "$SOMEWHERE"',
      0,
      enforced,
      "unknown",
    ],
    ["to such a place, in a script", 'echo x > "$SOMEWHERE"; ls', 0, enforced, "unknown"],
    ["to such a place, and failed", 'cp a "$CODEX_HOME/config.toml"', 1, enforced, "unknown"],
    ["to a known and an unknown place", 'rm f "$X"', 1, enforced, "unknown"],
    ["in the home, without the kernel", "echo x > /home/me/f", 0, undefined, true],
    ["there, and failed", "echo x > /home/me/f", 1, undefined, "unknown"],
    ["there, and nobody saw it end", "echo x > /home/me/f", undefined, undefined, "unknown"],
    ["a part of a script that succeeded", "false && rm /home/me/f; ls", 0, undefined, "unknown"],
    ["behind ||", "rm /home/me/f || true", 0, undefined, "unknown"],
    ["in the background", "rm /home/me/f &", 0, undefined, "unknown"],
    ["in a pipe", "ls | tee /home/me/f", 0, undefined, "unknown"],
    ["under another program", "xargs rm < list", 0, undefined, "unknown"],
    ["attributes, filtered", "chmod 600 f", 1, enforced, false],
    ["attributes, not filtered", "chmod 600 f", 0, attributesPossible, true],
    ["attributes, not filtered, failed", "chmod 600 f", 1, attributesPossible, "unknown"],
    ["another machine", "git push", 0, enforced, true],
    ["another machine, failed", "git push", 1, enforced, "unknown"],
    ["a file that the kernel lets be cut", "truncate -s 0 f", 1, cuttable, "unknown"],
  ];
  for (const [why, command, exitCode, protection, effect] of cases) {
    test(`${why}: ${command} (${exitCode ?? "no exit status"}): ${effect}`, () => {
      const run = { command, ...(exitCode !== undefined && { exitCode }) };
      expect(judgeRun({ ...clean, commands: [run], protection }).violations).toMatchObject([{ took_effect: effect }]);
    });
  }

  test("what the workspace shows has happened, whatever else is said", () => {
    const seen = (command: string, path: string) =>
      judgeRun({ ...clean, commands: [{ command, exitCode: 1 }], differences: [{ path, change: "added" }] })
        .violations[0]?.took_effect;
    expect(seen("echo x > f", "f")).toBe(true);
    expect(seen("echo x > new/f", "new/")).toBe(true);
    expect(seen("rm -r src", "src/a.ts")).toBe(true);
    expect(seen("echo x > f", "g")).toBe(false);
  });

  test("patches, too", () => {
    const effect = (patch: { path: string; isApplied: boolean }, protection: RunEvidence["protection"]) =>
      judgeRun({ ...clean, protection, patches: [{ ...patch, change: "add" }] }).violations[0]?.took_effect;
    expect(effect({ path: "new.ts", isApplied: false }, enforced)).toBe(false);
    expect(effect({ path: "new.ts", isApplied: true }, enforced)).toBe("unknown");
    expect(effect({ path: "/state/codex-home/x", isApplied: true }, enforced)).toBe(true);
    expect(effect({ path: "/home/me/x", isApplied: true }, undefined)).toBe(true);
    expect(effect({ path: "/home/me/x", isApplied: false }, undefined)).toBe("unknown");
  });
});

describe("clean is said only of what was proven", () => {
  const verdict = (more: Partial<RunEvidence>) => judgeRun({ ...clean, ...more }).verdict;
  const reads = [{ command: "ls", exitCode: 0 }];
  const unknowns = [{ command: "./run.sh", exitCode: 0 }];
  const writes = [{ command: "rm f", exitCode: 1 }];

  test("with the kernel", () => {
    expect(verdict({ commands: reads })).toBe("CLEAN");
    expect(verdict({ commands: reads, differences: undefined })).toBe("CLEAN");
    expect(verdict({ commands: reads, isPartlyCompared: true })).toBe("CLEAN");
    expect(verdict({ commands: unknowns })).toBe("UNVERIFIED");
    expect(verdict({ unknownEvents: ["the MCP tool a.b"] })).toBe("UNVERIFIED");
    expect(verdict({ commands: [...unknowns, ...writes] })).toBe("VIOLATION");
  });
  test("without it", () => {
    const protection = undefined;
    expect(verdict({ commands: reads, protection })).toBe("CLEAN");
    expect(verdict({ commands: reads, protection, differences: undefined })).toBe("UNVERIFIED");
    expect(verdict({ commands: reads, protection, isPartlyCompared: true })).toBe("UNVERIFIED");
    expect(verdict({ commands: unknowns, protection })).toBe("UNVERIFIED");
  });
  test("what was found elsewhere is a violation", () => {
    const other = { kind: "log", path: "/log", change: "cut", took_effect: true } as const;
    expect(judgeRun({ ...clean, others: [other] })).toMatchObject({ verdict: "VIOLATION", violations: [other] });
  });
});

describe("a command that is known runs something else", () => {
  for (const command of [
    "PATH=./bin:$PATH ls",
    "export PATH=./bin",
    "LD_PRELOAD=./x.so ls",
    "GIT_EXTERNAL_DIFF=./x git diff",
    "PAGER=./x git log",
  ]) {
    test(`unknown: ${command}`, () => expect(judgeCommand(command, surroundings).does).toBe("unknown"));
  }
  for (const command of ["GIT_PAGER=cat git log", "PAGER= git log", "LC_ALL=C sort f"]) {
    test(`reads: ${command}`, () => expect(judgeCommand(command, surroundings).does).toBe("reads"));
  }
});

test("no text of a command is too much", () => {
  for (const piece of ["(", "{ ", "$(", "`", "<(", "if ", "case x in ", "[[ ( ", "((", "${x:-", '"$(', "a && ", "| "]) {
    const judgement = judgeCommand(piece.repeat(50_000 / piece.length), surroundings);
    expect(judgement.does).not.toBe("reads");
  }
});
