import type { Value } from "./value.ts";

/** Kind of target that a write affects. */
export type Reach =
  /** Files: a kernel that forbids writing prevents this. */
  | "files"
  /** Permissions, owners and times: a kernel that forbids writing does not check them. */
  | "attributes"
  /** Other processes, services and machines. */
  | "beyond";

/** Finding of the command tables about a command. A command without findings only reads. */
export type CommandFinding =
  | { does: "writes"; why: string; targets: readonly Value[]; reach: Reach }
  | { does: "unknown"; why: string }
  /** The command runs another command, with these words. */
  | { does: "runs"; words: readonly Value[] }
  /** The command has a shell run this text. */
  | { does: "scripts"; text: string };

/** A command, as passed to the tables. */
export interface Invocation {
  /** Program name without its folder. */
  name: string;
  args: readonly Value[];
  /** Text on standard input, if known: from a heredoc, a here-string or a known pipe. */
  stdin: string | undefined;
  hasStdin: boolean;
}

/** Function that returns the findings about one command. */
export type Judge = (invocation: Invocation) => readonly CommandFinding[];

/** Returns table entries for programs that share a judge. */
export function shareJudge(names: readonly string[], judge: Judge): Record<string, Judge> {
  return Object.fromEntries(names.map((name) => [name, judge]));
}

/** Findings of a command that only reads. */
export const READS: readonly CommandFinding[] = [];

/** Returns the finding that a command writes files. @param targets empty if the targets are not known */
export function writes(why: string, targets: readonly Value[] = [], reach: Reach = "files"): CommandFinding[] {
  return [{ does: "writes", why, targets, reach }];
}

/** Returns the finding that the effect of a command cannot be determined from its words. */
export function unknown(why: string): CommandFinding[] {
  return [{ does: "unknown", why }];
}
