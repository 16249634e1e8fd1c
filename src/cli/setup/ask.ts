import { createInterface } from "node:readline/promises";
import { isTerminal, print } from "#cli/terminal/output.ts";
import type { Text } from "#cli/terminal/style.ts";

/** Returns whether a person can be asked: both stdin and stdout are a terminal. */
export function canAsk(): boolean {
  return isTerminal() && process.stdin.isTTY;
}

/** Asks the user a question. @returns the answer without white space around it; empty if the input ended */
export async function ask(question: Text): Promise<string> {
  // The terminal itself edits the line; readline would send control sequences for it.
  // oxlint-disable-next-line no-restricted-properties -- asks the user
  const terminal = createInterface({ input: process.stdin, output: process.stdout, terminal: false });
  const { promise: closed, resolve } = Promise.withResolvers<string>();
  terminal.once("close", () => resolve(""));
  // The question may contain texts of others, which readline would write as they are.
  print(question);
  const answer = await Promise.race([terminal.question(""), closed]);
  terminal.close();
  return answer.trim();
}
