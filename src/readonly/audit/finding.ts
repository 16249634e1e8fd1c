import type { Value } from "./value.ts";

/** How far a write reaches. */
export type Reach =
  /** Files: what a kernel that forbids writing prevents. */
  | "files"
  /** Permissions, owners, times: no such kernel looks at them. */
  | "attributes"
  /** Other processes, services, machines. */
  | "beyond";

/** What the tables of commands say about one. A command of which nothing is said only reads. */
export type CommandFinding =
  | { does: "writes"; why: string; targets: readonly Value[]; reach: Reach }
  | { does: "unknown"; why: string }
  /** It runs another command, with these words. */
  | { does: "runs"; words: readonly Value[] }
  /** It has a shell run this text. */
  | { does: "scripts"; text: string };

/** A command as the tables see it. */
export interface Invocation {
  /** The program's name, without its folder. */
  name: string;
  args: readonly Value[];
  /** What it reads on standard input, where that is known: a heredoc, a here-string, a known pipe. */
  stdin: string | undefined;
  hasStdin: boolean;
}

/** What one command does. */
export type Judge = (invocation: Invocation) => readonly CommandFinding[];

/** The entries of programs that are judged alike. */
export function alike(names: readonly string[], judge: Judge): Record<string, Judge> {
  return Object.fromEntries(names.map((name) => [name, judge]));
}

/** It only reads. */
export const READS: readonly CommandFinding[] = [];

/** It writes files. @param targets none: nobody knows which */
export function writes(why: string, targets: readonly Value[] = [], reach: Reach = "files"): CommandFinding[] {
  return [{ does: "writes", why, targets, reach }];
}

/** What it does cannot be told from its words. */
export function unknown(why: string): CommandFinding[] {
  return [{ does: "unknown", why }];
}
