import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { $ } from "bun";
import { startSession, type TmuxServer } from "#tmux/tmux.ts";
import { Scratch } from "../support/scratch.ts";

const scratch = new Scratch();
const server: TmuxServer = {
  socket: join(scratch.root, "tmux.sock"),
  environment: { PATH: process.env["PATH"] ?? "", HOME: scratch.root, TERM: "xterm" },
};

afterAll(async () => {
  await $`tmux -S ${server.socket ?? ""} kill-server`.quiet().nothrow();
  scratch.close();
});

test("a session starts while the server of the last one is on its way out", async () => {
  for (let round = 0; round < 150; round++) {
    await startSession(server, `short${round}`, "/", ["true"]);
    await Bun.sleep(Math.random() * 6);
  }
});

test("a socket that cannot be made is told at once", async () => {
  const nowhere = { ...server, socket: "/nowhere/tmux.sock" };
  const failure = await startSession(nowhere, "x", "/", ["true"]).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "tmux_failed" });
});
