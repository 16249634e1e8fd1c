import { readlinkSync } from "node:fs";
import { AppServerError } from "./app-server-error.ts";

/** Channel of messages to and from an app-server, whichever way they go. */
export interface Wire {
  /** Resolves when no more messages will come. */
  readonly closed: Promise<void>;
  /** Calls a function with each message from now on. */
  listen: (onMessage: (message: string) => void) => void;
  /** Sends a message. @throws AppServerError if the channel is closed */
  send: (message: string) => void;
  /** Leaves the app-server, which continues. */
  close: () => void;
}

/** Time in which an app-server must accept a connection, in milliseconds. */
const OPEN_TIMEOUT_MS = 30_000;

/**
 * Connects to an app-server through its unix socket, where messages are WebSocket text frames.
 * @throws AppServerError if nothing answers there
 */
export async function openSocket(path: string): Promise<Wire> {
  // Codex 0.153 closes a connection that offers compression.
  const socket = new WebSocket(`ws+unix://${withoutLink(path)}`, { perMessageDeflate: false });
  await new Promise<void>((resolve, reject) => {
    const fail = () => reject(new AppServerError(`Nothing answers at ${path}.`));
    setTimeout(fail, OPEN_TIMEOUT_MS).unref();
    socket.addEventListener("open", () => resolve(), { once: true });
    socket.addEventListener("error", fail, { once: true });
  });
  return {
    closed: new Promise((resolve) => {
      socket.addEventListener("close", () => resolve());
    }),
    listen: (onMessage) => socket.addEventListener("message", ({ data }) => onMessage(String(data))),
    send: (message) => {
      if (socket.readyState !== WebSocket.OPEN) throw closedError();
      socket.send(message);
    },
    close: () => socket.close(),
  };
}

/** Returns the error for a message to an app-server that is not there any more. */
export function closedError(): AppServerError {
  return new AppServerError("The connection to the app-server is closed.");
}

/**
 * Returns the place of a socket: Codex puts it into the temporary folder, under a name without special characters. In an address, a
 * space or a colon in the path of a link would be misread.
 */
function withoutLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return path;
  }
}
