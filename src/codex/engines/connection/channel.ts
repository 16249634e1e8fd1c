import type { Pipes } from "./pipes.ts";

/** Way to an app-server: a socket that it opens, or pipes. */
export type Channel = { socket: string } | { pipes: Pipes };

/** Returns the arguments of Codex that make it serve a channel. */
export function listenArguments(channel: Channel): string[] {
  return ["app-server", "--listen", "pipes" in channel ? "stdio://" : `unix://${channel.socket}`];
}
