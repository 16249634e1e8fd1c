// The board's action that opens a worktree, or a file in it, in an editor: with paths that lead out of it, and without a shell.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TestBoard } from "../support/board.ts";
import { World } from "../support/world.ts";

let world: World;
let board: TestBoard;
let id: string;
let folder: string;
/** File with the arguments that the editor was started with. */
let opened: string;

beforeAll(async () => {
  world = new World();
  const client = await world.client();
  const cwd = await world.repository();
  world.stub.script("CHANGE", [{ run: "echo changed >> README.md" }, { say: "Changed." }]);
  const request = { prompt: "CHANGE it", cwd, topic: "opened-v1", sandbox: "full-access" };
  const { data } = await client.call("codex", request);
  if (typeof data["worktree_dir"] !== "string") throw new Error(`no worktree: ${JSON.stringify(data)}`);
  id = String(data["task_id"]);
  folder = data["worktree_dir"];
  mkdirSync(join(folder, "inner"));
  writeFileSync(join(folder, "inner", "$(touch evil); 'a'.txt"), "");
  symlinkSync("/etc", join(folder, "out"));
  symlinkSync("/etc/passwd", join(folder, "passwd"));
  symlinkSync("inner", join(folder, "inside"));
  opened = join(world.root, "opened.txt");
  const editors = world.folder("editors");
  writeFileSync(join(editors, "code"), `#!/bin/sh\nprintf '%s\\n' "$@" > '${opened}'\n`);
  chmodSync(join(editors, "code"), 0o755);
  board = await TestBoard.start(world, [], { PATH: `${editors}:${world.environment()["PATH"]}` });
});
afterAll(async () => {
  await board.stop();
  await world.close();
});

const open = async (body: object = {}) => (await board.act(`/api/tasks/${id}/open`, body)).json();

test("starts the editor with the worktree, or with a file in it, and no shell", async () => {
  expect(await open()).toMatchObject({ message: "Opened the worktree in Visual Studio Code." });
  expect(readFileSync(opened, "utf8")).toBe(`${folder}\n`);
  for (const path of ["inner/$(touch evil); 'a'.txt", "inside/$(touch evil); 'a'.txt"]) {
    expect(await open({ path })).toMatchObject({ message: expect.any(String) });
    expect(readFileSync(opened, "utf8")).toBe(`${folder}/inner/$(touch evil); 'a'.txt\n`);
  }
  expect(existsSync("/evil")).toBe(false);
});

test.each(["..", "../..", "/etc/passwd", "out/passwd", "passwd", "inner/../../x", "README.md\0x"])(
  "refuses the path %j, which leads out of the worktree",
  async (path) => {
    writeFileSync(opened, "");
    expect(await open({ path })).toMatchObject({ code: "invalid_argument" });
    expect(readFileSync(opened, "utf8")).toBe("");
  },
);

test("says that a file does not exist", async () => {
  expect(await open({ path: "missing.txt" })).toMatchObject({ code: "nothing_to_read" });
});

test("says that there is no editor", async () => {
  const other = await TestBoard.start(world, [], { DISPLAY: undefined, WAYLAND_DISPLAY: undefined });
  const answer = await other.act(`/api/tasks/${id}/open`);
  expect(await answer.json()).toMatchObject({ code: "editor_missing" });
  await other.stop();
});

test("prefers the editor that VISUAL or EDITOR name, and takes the next one if it fails", async () => {
  const editors = world.folder("more-editors");
  const write = (name: string, text: string) => {
    writeFileSync(join(editors, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(editors, name), 0o755);
  };
  write("code", "exit 0");
  write("zed", "exit 0");
  write("idea", "exit 1");
  const opensIn = async (more: Record<string, string>) => {
    const other = await TestBoard.start(world, [], { PATH: `${editors}:${world.environment()["PATH"]}`, ...more });
    const { message } = (await (await other.act(`/api/tasks/${id}/open`)).json()) as { message: string };
    await other.stop();
    return message;
  };
  expect(await opensIn({ EDITOR: "vim" })).toEndWith("in Visual Studio Code.");
  expect(await opensIn({ EDITOR: "zed --wait" })).toEndWith("in Zed.");
  expect(await opensIn({ VISUAL: "/opt/idea", EDITOR: "zed" })).toEndWith("in Zed.");
});
