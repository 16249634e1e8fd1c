import { known, type Value } from "./value.ts";

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
  /** The command runs another command with these words: a program, or `inShell` whatever the shell finds under that name. */
  | { does: "runs"; words: readonly Value[]; inShell?: true }
  /** The command has a shell run this text: another shell, this one, or this one at some later time. */
  | { does: "scripts"; text: string; in: "shell" | "this shell" | "this shell later" }
  /** The command changes the state of the shell that runs it. */
  | ShellChange;

/** Change of the state of the shell that runs a command. */
export type ShellChange =
  | { does: "assigns"; name: string; value: Value; isLocal?: boolean }
  | { does: "aliases"; name: string; text: Value }
  | { does: "unsets function"; name: string }
  | { does: "changes folder"; to: Value | undefined }
  | { does: "changes parameters" };

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
export function shareJudge(names: string, judge: Judge): Record<string, Judge> {
  return Object.fromEntries(names.split(/\s+/).map((name) => [name, judge]));
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

/** Returns the finding that a command has another shell run a text. */
export function scripts({ text, isKnown }: Value, name: string): CommandFinding[] {
  return isKnown ? [{ does: "scripts", text, in: "shell" }] : unknown(`${name} runs text that is built at run time`);
}

/** Returns the finding that a command runs a program with these words. */
export function runs(words: readonly (Value | string)[]): CommandFinding[] {
  return [{ does: "runs", words: words.map((word) => (typeof word === "string" ? known(word) : word)) }];
}

/** One write of a command. */
export interface Write {
  /** Description of the write, for people. */
  why: string;
  /** Absolute paths, as far as they are known. */
  targets: string[];
  /** Set if there are further targets, which are not known. */
  isPartial?: true;
  reach: Reach;
}

/** Effects of a command, as far as its text shows them. */
export interface Judgement {
  does: "reads" | "writes" | "unknown";
  writes: Write[];
  /** Descriptions of the parts whose effect cannot be determined. */
  unknowns: string[];
  /** Programs that the command runs, as far as its text shows: names without folders, and arguments. */
  programs: { name: string; args: readonly Value[] }[];
  /** Set if this is a single command with nothing around it, so that its exit status is the command's own. */
  isSingle?: true;
}
