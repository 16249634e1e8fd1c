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

test("a server that is started here keeps nothing of the environment but what a terminal needs", async () => {
  const secrets = { OPENAI_API_KEY: "sk-secret", CODEXMCP_HOME: "/secret", GITHUB_TOKEN: "secret", LC_TIME: "C" };
  const socket = join(scratch.root, "clean.sock");
  const own = { socket, environment: { ...server.environment, ...secrets } };
  await startSession(own, "clean", "/", ["sleep", "600"]);
  const everything = await Promise.all(
    [["-g"], ["-t", "=clean"]].map((where) => $`tmux -S ${socket} show-environment ${where}`.quiet().text()),
  );
  const server_pid = await $`tmux -S ${socket} display-message -p ${"#{pid}"}`.quiet().text();
  const own_environment = await Bun.file(`/proc/${server_pid.trim()}/environ`)
    .text()
    .catch(() => "");
  await $`tmux -S ${socket} kill-server`.quiet();
  expect([...everything, own_environment].join("\n")).not.toMatch(/secret/i);
  expect(everything[0]).toMatch(/^PATH=.*^TERM=/ms);
});

test("a socket that cannot be made is told at once", async () => {
  const nowhere = { ...server, socket: "/nowhere/tmux.sock" };
  const failure = await startSession(nowhere, "x", "/", ["true"]).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "tmux_failed" });
});
