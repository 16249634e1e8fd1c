/** An HTTP server on loopback, at a port of the system's choice; answers may take as long as they like. */
export function serveOnLoopback(fetch: (request: Request) => Promise<Response>): Bun.Server<undefined> {
  return Bun.serve({ hostname: "127.0.0.1", port: 0, idleTimeout: 0, fetch });
}
