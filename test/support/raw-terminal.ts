import { BINARY, type World } from "./world.ts";

/** What a command of ours wrote on a terminal, both of its outputs, byte for byte. */
export interface TerminalRun {
  exitCode: number;
  output: Buffer;
}

/** Runs the compiled binary on a terminal of its own, which shows nothing and translates nothing. */
export async function runOnTerminal(
  world: World,
  args: readonly string[],
  { more = {}, cwd = world.root, keys = "" }: { more?: Record<string, string>; cwd?: string; keys?: string } = {},
): Promise<TerminalRun> {
  let output = Buffer.alloc(0);
  const { promise: drained, resolve } = Promise.withResolvers<void>();
  const terminal = new Bun.Terminal({
    cols: 160,
    rows: 50,
    data: (_terminal, data) => {
      output = Buffer.concat([output, data]);
      if (output.includes(END)) resolve();
    },
  });
  terminal.outputFlags = 0;
  terminal.localFlags = 0;
  const run = Bun.spawn([BINARY, ...args], { cwd, env: world.environment(more), terminal });
  if (keys !== "") terminal.write(keys);
  const exitCode = await run.exited;
  // A terminal keeps the order: when this has come, all that was written before has.
  await Bun.spawn(["printf", "%s", END], { terminal }).exited;
  await drained;
  terminal.close();
  return { exitCode, output: output.subarray(0, output.indexOf(END)) };
}

const END = "[end of output]";
