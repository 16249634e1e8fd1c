import type { RequestHandlerExtra } from "@modelcontextprotocol/sdk/shared/protocol.js";
import type { CallToolRequest, ServerNotification, ServerRequest } from "@modelcontextprotocol/sdk/types.js";

/** Sends what a call is doing to a client that has asked for it, by its progress token; undefined where none has. */
export function progressOf(
  params: CallToolRequest["params"],
  { signal, sendNotification }: RequestHandlerExtra<ServerRequest, ServerNotification>,
): ((message: string) => void) | undefined {
  const { _meta: meta } = params;
  const progressToken = meta?.progressToken;
  if (progressToken === undefined) return undefined;
  let progress = 0;
  return (message) => {
    if (signal.aborted) return;
    // There is no telling how far it is: the number only has to grow.
    const notification = {
      method: "notifications/progress" as const,
      params: { progressToken, progress: ++progress, message },
    };
    sendNotification(notification).catch(() => {}); // the client has gone; the transport sees to that
  };
}
