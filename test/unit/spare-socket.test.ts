import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { identifyProcess } from "#platform/process/identity.ts";
import { sparePaths, taskPaths } from "#store/store-paths.ts";
import { linkSpareSocket } from "#tasks/supervise/spare-socket.ts";

let home: string;
let server: Server;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "s-"));
  server = createServer();
});
afterEach(() => {
  server.close();
  rmSync(home, { recursive: true, force: true });
});

/** Codex before 0.156 makes the socket where it is asked for, later ones elsewhere. */
for (const isLinked of [true, false]) {
  test(`a run's socket leads to that of its spare process, which is ${isLinked ? "a link" : "the socket itself"}`, async () => {
    const id = "spare-1";
    const { socket } = sparePaths(home, id);
    const { appServer } = taskPaths(home, "codex-a-v1");
    for (const path of [socket, appServer]) mkdirSync(dirname(path), { recursive: true });
    const place = isLinked ? join(home, "place") : socket;
    await new Promise<void>((resolve) => server.listen(place, resolve));
    if (isLinked) symlinkSync(place, socket);
    const self = identifyProcess(process.pid);
    if (self === undefined) throw new Error("this process has no identity");
    await linkSpareSocket(home, { task_id: "codex-a-v1" }, { id, ...self });
    expect(readlinkSync(appServer)).toBe(place);
  });
}
