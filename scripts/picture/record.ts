import type { Cast } from "./cast.ts";

/** Longest pause that a recording keeps, in seconds. */
const MAX_PAUSE_S = 2;
const HEIGHT = 30;

/** Records what a command prints on a terminal. @throws if the command fails */
export async function record(command: readonly string[], width: number): Promise<Cast> {
  const outputs: Cast["outputs"] = [];
  const decoder = new TextDecoder();
  let [last, at] = [performance.now(), 0];
  const terminal = new Bun.Terminal({
    cols: width,
    rows: HEIGHT,
    data: (_terminal, data) => {
      const now = performance.now();
      at += Math.min((now - last) / 1000, MAX_PAUSE_S);
      last = now;
      outputs.push({ at: Math.round(at * 100) / 100, text: decoder.decode(data, { stream: true }) });
    },
  });
  const { NO_COLOR: _colour, ...environment } = process.env;
  const run = Bun.spawn([...command], { env: { ...environment, TERM: "xterm-256color" }, terminal });
  const exitCode = await run.exited;
  terminal.close();
  const cast = { width, height: HEIGHT, outputs };
  if (exitCode !== 0) throw new Error(`${command.join(" ")} ended with ${exitCode}: ${JSON.stringify(outputs.at(-1))}`);
  return cast;
}
