import { join } from "node:path";
import { rmSync } from "node:fs";
import { AppError } from "#base/errors.ts";
import { listNames, lstatIfAny } from "#base/paths.ts";
import { writePrivateFile } from "#platform/files/files.ts";
import { openInBrowser } from "#platform/start/open-in-browser.ts";
import { readBoardNote, recordBoard } from "#store/board-note.ts";
import type { AppContext } from "#tasks/context.ts";
import { describeBoard } from "#board/server/board-info.ts";
import type { Board } from "#board/server/serve-board.ts";
import { defineCommand } from "#cli/framework/command.ts";
import { openCommandContext } from "#cli/framework/open-context.ts";
import { withStopSignal } from "#cli/framework/stop-signal.ts";
import { printErrors, printLines } from "#cli/terminal/output.ts";
import { paint } from "#cli/terminal/style.ts";

/** Port of the first board; later ones use that of the one before. */
const DEFAULT_PORT = 4517;

export const boardCommand = defineCommand({
  name: "board",
  aliases: ["ui", "web"],
  group: "tasks",
  summary: "Show all tasks in the browser, where they can be followed, reviewed and merged",
  details:
    "Serves a page on 127.0.0.1 until Ctrl-C. The printed address contains a secret that is new each time: every browser that opens it can use the board. " +
    "Tasks are not affected when the board ends.",
  options: {
    "no-open": { type: "boolean", summary: "Only print the address, and open no browser" },
    port: {
      type: "count",
      placeholder: "n",
      summary: "Port to serve on (default: that of the last board, or any if it is in use)",
    },
    "read-only": { type: "boolean", summary: "Only show: refuse to start, answer, merge, discard or cancel tasks" },
  },
  examples: [
    ["board", "Open the board"],
    ["board --no-open --port 4517", "Serve it on a fixed port, for example for ssh -L 4517:127.0.0.1:4517"],
  ],
  run: async ({ options: { "no-open": isQuiet, port, "read-only": isReadOnly } }) => {
    const context = openCommandContext();
    const board = await startBoard(context, port, isReadOnly);
    try {
      await withStopSignal(async (signal) => {
        const stopped = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        printLines([board.address]);
        if (!isQuiet) await openBoard(context, board, stopped);
        printErrors([paint("Press Ctrl-C to end the board. Tasks keep running.", "dim")]);
        await stopped;
      });
      return 0;
    } finally {
      await board.stop();
    }
  },
});

async function startBoard(context: AppContext, port: number | undefined, isReadOnly: boolean): Promise<Board> {
  // Only this command needs the page and the server.
  const { serveBoard } = await import("#board/server/serve-board.ts");
  const info = describeBoard(context, isReadOnly);
  const earlier = readBoardNote(info.home);
  removeOldLinks(info.home);
  const start = async (at: number): Promise<Board> =>
    serveBoard({
      app: context,
      info,
      port: at,
      earlier: earlier.filter((each) => each.port === at).map(({ digest }) => digest),
    });
  const board = await (port === undefined ? startAnywhere(start, earlier[0]?.port ?? DEFAULT_PORT) : start(port));
  recordBoard(info.home, { port: board.port, digest: board.digest, at: new Date().toISOString() });
  return board;
}

/** Starts the board at a port, or at any other if that one is in use. */
async function startAnywhere(start: (port: number) => Promise<Board>, port: number): Promise<Board> {
  try {
    return await start(port);
  } catch (error) {
    if (error instanceof AppError && error.code === "port_in_use") return start(0);
    throw error;
  }
}

/** Time for which the browser can read the file that leads it to the board, in milliseconds. */
const OPENING_TIME_MS = 60_000;

/** Removes the files of {@link openBoard} that boards which were killed have left: their secrets are still valid. */
function removeOldLinks(home: string): void {
  for (const name of listNames(home)) {
    const path = join(home, name);
    if (!/^board-[0-9a-f-]{36}\.html$/.test(name)) continue;
    const age = Date.now() - (lstatIfAny(path)?.mtimeMs ?? Date.now());
    if (age > OPENING_TIME_MS) rmSync(path, { force: true });
  }
}

/** Opens the board in the browser by a private file: a secret in an argument would be visible to all users of the machine. */
async function openBoard({ config }: AppContext, { address }: Board, stopped: Promise<void>): Promise<void> {
  const file = join(config.home, `board-${crypto.randomUUID()}.html`);
  writePrivateFile(
    file,
    `<!doctype html><meta charset="utf-8"><title>Board</title><meta http-equiv="refresh" content="0;url=${address}">`,
  );
  const remove = () => rmSync(file, { force: true });
  const timer = setTimeout(remove, OPENING_TIME_MS);
  void stopped.then(() => {
    clearTimeout(timer);
    remove();
  });
  if (await openInBrowser(file, process.env)) return;
  remove();
  printErrors(["No browser could be opened here. Open the address yourself."]);
}
