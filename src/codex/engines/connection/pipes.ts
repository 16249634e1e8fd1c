import { closeSync, constants, fstatSync, openSync, writeSync } from "node:fs";
import { basename, dirname } from "node:path";
import { errnoOf } from "#base/errors.ts";
import { LineReader, readLastLines } from "#platform/files/json-lines.ts";
import { watchFolder } from "#platform/files/watch-folder.ts";
import { makeFifo } from "#platform/libc.ts";
import { AppServerError } from "./app-server-error.ts";
import { closedError, type Wire } from "./wire.ts";

/** Files through which an app-server is reached that must not open a socket: one message a line. */
export interface Pipes {
  /** Named pipe that it reads. Its own end is open for writing too, so that it does not see the end of its input when we die. */
  input: string;
  /** File that it writes to, of which later processes read what they have missed. */
  output: string;
}

/** Interval for writing on after the pipe was full, in milliseconds. */
const FULL_PIPE_MS = 5;
/** Bytes at the end of the output in which the last complete line is looked for. */
const LAST_LINE_BYTES = 1024 * 1024;

/** Creates the files for an app-server. @returns its standard input and output, which the caller closes */
export function makePipes({ input, output }: Pipes): [number, number] {
  makeFifo(input);
  return [openPipe(input), openSync(output, "a", 0o600)];
}

/**
 * Opens the channel to an app-server that has these files, from its next message on.
 * @param exited resolves when the app-server has ended: a file shows no end
 * @throws AppServerError if they are not there
 */
export function openPipes({ input, output }: Pipes, exited: Promise<unknown>): Wire {
  const pipe = openPipe(input, constants.O_NONBLOCK);
  const { nextOffset } = readLastLines(output, LAST_LINE_BYTES);
  const reader = new LineReader(output, undefined, nextOffset);
  // An earlier process that died while it was writing has left half a line.
  let waiting = Buffer.from(nextOffset > 0 ? "\n" : "");
  let isClosed = false;
  const pump = () => {
    if (isClosed) return;
    try {
      while (waiting.length > 0) waiting = waiting.subarray(writeSync(pipe, waiting));
    } catch (error) {
      if (errnoOf(error) !== "EAGAIN") throw error;
      setTimeout(pump, FULL_PIPE_MS);
    }
  };
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  let receive = (_message: string): void => undefined;
  const read = () => {
    for (const line of reader.read()) receive(line);
  };
  const watch = watchFolder(dirname(output), (name) => name === basename(output), read);
  const close = () => {
    if (isClosed) return;
    isClosed = true;
    watch.close();
    closeSync(pipe);
    resolve();
  };
  void exited.then(() => {
    if (!isClosed) read();
    close();
  });
  pump();
  return {
    closed,
    close,
    listen: (onMessage) => {
      receive = onMessage;
      read();
    },
    send: (message) => {
      if (isClosed) throw closedError();
      const wasIdle = waiting.length === 0;
      waiting = Buffer.concat([waiting, Buffer.from(`${message}\n`)]);
      if (wasIdle) pump();
    },
  };
}

function openPipe(path: string, flags = 0): number {
  try {
    const file = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW | flags);
    if (fstatSync(file).isFIFO()) return file;
    closeSync(file);
  } catch {
    // Reported below.
  }
  throw new AppServerError(`There is no pipe at ${path}.`);
}
