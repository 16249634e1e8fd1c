import { expect, test } from "bun:test";
import { AppServerConnection } from "#codex/engines/connection/connection.ts";
import { closedError, type Wire } from "#codex/engines/connection/wire.ts";

test("a request to an app-server that has just closed the connection fails once", async () => {
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  let receive: (message: string) => void = () => undefined;
  let isOpen = true;
  const wire: Wire = {
    closed,
    close: () => undefined,
    listen: (onMessage) => (receive = onMessage),
    send: (message) => {
      if (!isOpen) throw closedError();
      const { id } = JSON.parse(message) as { id?: number };
      if (id !== undefined) queueMicrotask(() => receive(JSON.stringify({ id, result: {} })));
    },
  };
  const handlers = { notified: () => undefined, asked: () => Promise.reject(new Error("nothing is asked")) };
  const connection = await AppServerConnection.open(wire, handlers);
  isOpen = false;
  const request = connection.request("turn/steer", {});
  close();
  await request.then(
    () => expect.unreachable(),
    (error: unknown) => expect(String(error)).toContain("is closed"),
  );
  await connection.closed;
  // An error that nobody waits for would end the process.
  await Bun.sleep(10);
});
