import { BINARY, type World } from "../../test/support/world.ts";
import { WIDTH } from "./story.ts";

/** Marks the end of a program's output; a terminal keeps the order of what is written to it. */
const END = "\u0000";

/**
 * Runs one of our commands on a terminal of its own, so that it prints what people see.
 * @param show gets each line, with the escape sequences of its colours
 * @returns the exit code
 */
export async function runProduct(world: World, args: readonly string[], show: (line: string) => void): Promise<number> {
  const decoder = new TextDecoder();
  const { promise: drained, resolve } = Promise.withResolvers<void>();
  let rest = "";
  const terminal = new Bun.Terminal({
    cols: WIDTH - 2,
    rows: 50,
    data: (_terminal, data) => {
      rest += decoder.decode(data, { stream: true });
      const lines = rest.split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) show(line);
      if (rest.includes(END)) resolve();
    },
  });
  terminal.outputFlags = 0;
  terminal.localFlags = 0;
  const exitCode = await Bun.spawn([BINARY, ...args], { cwd: world.home, env: world.environment(), terminal }).exited;
  await Bun.spawn(["printf", "\\0"], { terminal }).exited;
  await drained;
  terminal.close();
  return exitCode;
}
