/**
 * Largest number of pages of one browser that are connected at the same time: browsers allow six connections to a server of HTTP/1.1, and
 * requests need some of them.
 */
const MAX_CONNECTED = 4;

/** Beginning of the names of locks that connected pages hold, and the name of the channel on which they ask each other to disconnect. */
const PREFIX = "codexmcp-board-page ";
const CHANNEL = "codexmcp-board-pages";

/**
 * Counts this page among the connected ones of this browser, and asks the page that has been connected longest to disconnect if there are
 * too many. The browser takes a page that is closed off the list by itself.
 * @param onAsked called when another page asks this one to disconnect
 * @returns a function that no longer counts this page
 */
export function joinConnectedPages(onAsked: () => void): () => void {
  const name = `${PREFIX}${Date.now()} ${crypto.randomUUID()}`;
  const channel = new BroadcastChannel(CHANNEL);
  channel.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
    if (data === name) onAsked();
  });
  const leaving = Promise.withResolvers<void>();
  void navigator.locks.request(name, async () => {
    const { held = [] } = await navigator.locks.query();
    const names = held.map((lock) => lock.name ?? "").filter((each) => each.startsWith(PREFIX));
    for (const each of names.toSorted().slice(0, -MAX_CONNECTED)) {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- only messages between windows have a target
      channel.postMessage(each);
    }
    await leaving.promise;
  });
  return () => {
    channel.close();
    leaving.resolve();
  };
}
