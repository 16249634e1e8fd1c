import { shorten } from "#base/text.ts";
import { MAX_LISTED_VIOLATIONS, type ReadonlyAudit, type Verdict, type Violation } from "#domain/readonly-audit.ts";
import { type RunConditions, effectOfCommand, effectOfPatch } from "./effect.ts";
import type { Judgement } from "./finding.ts";
import { judgeCommands, withoutShell } from "./judge-command.ts";
import type { JudgedFolders } from "./shell/scope.ts";

/** Facts about a read-only run. */
export interface RunEvidence extends RunConditions {
  /** Folders that its commands ran in, and could write to. */
  surroundings: JudgedFolders;
  commands: readonly { command: string; exitCode?: number }[];
  patches: readonly { path: string; change: string; isApplied: boolean }[];
  /** Descriptions of other events in its log that cannot be judged. */
  unknownEvents?: readonly string[];
  /** Differences in the workspace; undefined if they are not known. */
  differences: readonly { path: string; change: string }[] | undefined;
  /** Set if parts of the workspace could not be compared. */
  isPartlyCompared?: boolean;
  /** Violations found elsewhere: in the log itself, in CODEX_HOME. */
  others?: readonly Violation[];
}

/** Part of an audit that is derived from the run's facts. */
export type RunJudgement = Pick<ReadonlyAudit, "verdict" | "violations_detected" | "violations"> &
  Pick<ReadonlyAudit["evidence"], "unknown_commands" | "commands_judged" | "unknown_events">;

/** Maximum length of a listed command in characters; longer ones are truncated. */
const MAX_COMMAND_LENGTH = 400;

/** Judges a run that was allowed only to read. The verdict is clean only if that is proven. */
export function judgeRun(evidence: RunEvidence): RunJudgement {
  const { surroundings, patches, differences = [], unknownEvents = [], others = [] } = evidence;
  const scripts = evidence.commands.map(({ command }) => withoutShell(command));
  const judged: (Judgement & { script: string; exitCode?: number })[] = [];
  for (const [index, judgement] of judgeCommands(scripts, surroundings).entries()) {
    const { exitCode } = evidence.commands[index] ?? {};
    judged.push({ ...judgement, script: scripts[index] ?? "", ...(exitCode !== undefined && { exitCode }) });
  }
  const violations: Violation[] = [
    ...judged
      .filter(({ does }) => does === "writes")
      .map((command): Violation => {
        const why = [...new Set(command.writes.map((write) => write.why))];
        return {
          kind: "command",
          command: shorten(command.script, MAX_COMMAND_LENGTH),
          why,
          took_effect: effectOfCommand(command, evidence),
        };
      }),
    ...patches.map((patch): Violation => {
      const { path, change } = patch;
      const took_effect = effectOfPatch(patch, surroundings.folder, evidence);
      return { kind: "file_change", path, change, took_effect };
    }),
    ...differences.map(workspaceViolation),
    ...others,
  ];
  const unknown = judged.filter(({ unknowns }) => unknowns.length > 0);
  return {
    verdict: verdictOn(evidence, violations.length, unknown.length + unknownEvents.length),
    violations_detected: violations.length,
    violations: violations.slice(0, MAX_LISTED_VIOLATIONS),
    unknown_commands: unknown
      .slice(0, MAX_LISTED_VIOLATIONS)
      .map(({ script, unknowns }) => `${shorten(script, MAX_COMMAND_LENGTH)} (${unknowns.join("; ")})`),
    commands_judged: judged.length,
    ...(unknownEvents.length > 0 && { unknown_events: unknownEvents.slice(0, MAX_LISTED_VIOLATIONS) }),
  };
}

function verdictOn(
  { protection, differences, isPartlyCompared }: RunEvidence,
  violations: number,
  unknowns: number,
): Verdict {
  if (violations > 0) return "VIOLATION";
  const isProven = protection !== undefined || (differences !== undefined && isPartlyCompared !== true);
  return isProven && unknowns === 0 ? "CLEAN" : "UNVERIFIED";
}

function workspaceViolation({ path, change }: { path: string; change: string }): Violation {
  return { kind: "workspace", path, change, took_effect: true };
}
