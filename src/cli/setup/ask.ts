import { createInterface } from "node:readline/promises";
import { isTerminal } from "#cli/terminal/output.ts";

/** Returns whether a person can be asked: both stdin and stdout are a terminal. */
export function canAsk(): boolean {
  return isTerminal() && process.stdin.isTTY;
}

/** Asks the user a question. @returns the answer without white space around it; empty if the input ended */
export async function ask(question: string): Promise<string> {
  // The terminal itself edits the line; readline would send control sequences for it.
  // oxlint-disable-next-line no-restricted-properties -- asks the user
  const terminal = createInterface({ input: process.stdin, output: process.stdout, terminal: false });
  const { promise: closed, resolve } = Promise.withResolvers<string>();
  terminal.once("close", () => resolve(""));
  const answer = await Promise.race([terminal.question(question), closed]);
  terminal.close();
  return answer.trim();
}
