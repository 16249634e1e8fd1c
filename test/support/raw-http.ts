import { connect } from "node:net";

/** Sends bytes to a local port. @returns what comes back until the other side closes the connection */
export async function sendRaw(port: number, request: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1");
    socket.on("data", (chunk) => (answer += chunk.toString("latin1")));
    // A server that refuses a request may close the connection before it has read all of it.
    socket.on("error", () => {});
    socket.on("close", () => resolve(answer));
    socket.write(request);
  });
}
