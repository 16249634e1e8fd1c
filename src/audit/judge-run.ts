import { isAbsolute, join } from "node:path";
import { isWithin } from "#lib/paths.ts";
import { MAX_LISTED_VIOLATIONS, type ReadonlyAudit, type Violation } from "#task/readonly-audit.ts";
import { judgeCommand, type Judgement, withoutShell } from "./judge-command.ts";
import type { Surroundings } from "./scope.ts";

/** What is known of a read-only run. */
export interface RunTestimony {
  /** Where its commands ran, and where they could write. */
  surroundings: Surroundings;
  commands: readonly { command: string; exitCode?: number }[];
  patches: readonly { path: string; change: string; isApplied: boolean }[];
  /** What differs in the workspace; undefined where that is not known. */
  differences: readonly { path: string; change: string }[] | undefined;
  /** The folder that those paths are relative to. */
  top: string;
  /** Whether the kernel forbade writing, but for these folders. */
  protection: { writable: readonly string[] } | undefined;
}

/** What an audit has to say, but for what others know better. */
export type RunJudgement = Pick<ReadonlyAudit, "verdict" | "violations_detected" | "violations"> &
  Pick<ReadonlyAudit["evidence"], "unknown_commands" | "commands_judged">;

/** In a list, a longer text is cut here. */
const MAX_COMMAND_LENGTH = 400;

/** Judges a run that was to read only. What cannot be told from a command counts only if the workspace differs. */
export function judgeRun(testimony: RunTestimony): RunJudgement {
  const judged = testimony.commands.map((run) => ({ ...run, ...judgeCommand(run.command, testimony.surroundings) }));
  const violations: Violation[] = [
    ...judged.filter(({ does }) => does === "writes").map((command) => toViolation(command, testimony)),
    ...testimony.patches.map((patch) => patchViolation(patch, testimony)),
    ...(testimony.differences ?? []).map(workspaceViolation),
  ];
  const unknown = judged.filter(({ unknowns }) => unknowns.length > 0);
  return {
    verdict: violations.length === 0 ? "CLEAN" : "VIOLATION",
    violations_detected: violations.length,
    violations: violations.slice(0, MAX_LISTED_VIOLATIONS),
    unknown_commands: unknown
      .slice(0, MAX_LISTED_VIOLATIONS)
      .map(({ command, unknowns }) => `${shown(command)} (${unknowns.join("; ")})`),
    commands_judged: judged.length,
  };
}

function toViolation(command: Judgement & { command: string; exitCode?: number }, testimony: RunTestimony): Violation {
  return {
    kind: "command",
    command: shown(command.command),
    why: [...new Set(command.writes.map(({ why }) => why))],
    took_effect: hasTakenEffect(command, testimony),
  };
}

/**
 * Whether a command wrote. What the kernel forbids did not happen; where it does not, the workspace
 * tells, and failing that the exit status, of which a success counts as a write.
 */
function hasTakenEffect(
  { writes, exitCode }: Judgement & { exitCode?: number },
  { differences, protection, top }: RunTestimony,
): boolean {
  const changed = (differences ?? []).map(({ path }) => join(top, path));
  const isChanged = (target: string) => changed.some((path) => isWithin(path, target));
  if (writes.some(({ targets }) => targets.some(isChanged))) return true;
  const possible = writes.filter(({ reach, targets }) => {
    if (protection === undefined || reach !== "files") return true;
    return targets.some((target) => protection.writable.some((folder) => isWithin(target, folder)));
  });
  if (possible.length === 0) return false;
  return exitCode === 0 || exitCode === undefined || changed.length > 0;
}

function patchViolation(
  { path, change, isApplied }: RunTestimony["patches"][number],
  { differences, surroundings, top }: RunTestimony,
): Violation {
  const absolute = isAbsolute(path) ? path : join(surroundings.folder, path);
  const isSeen = (differences ?? []).some((difference) => isWithin(absolute, join(top, difference.path)));
  return { kind: "file_change", path, change, took_effect: isApplied || isSeen };
}

function workspaceViolation({ path, change }: { path: string; change: string }): Violation {
  return { kind: "workspace", path, change, took_effect: true };
}

function shown(command: string): string {
  const script = withoutShell(command);
  return script.length <= MAX_COMMAND_LENGTH ? script : `${script.slice(0, MAX_COMMAND_LENGTH)}…`;
}
