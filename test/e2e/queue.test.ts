import { afterAll, beforeAll, expect, test } from "bun:test";
import { isCodexCommand } from "../support/engines.ts";
import { World } from "../support/world.ts";

let world: World;
let folder: string;

beforeAll(() => {
  world = new World();
  world.stub.script("SAY-HELLO", [{ say: "Hello." }]);
  world.stub.script("NEVER-ENDING", [{ run: "sleep 600" }, { say: "Never said." }]);
  folder = world.folder("plain");
});

afterAll(() => world.close());

test("over two servers, one runs and the rest wait their turn, with their places, whatever way a slot is freed", async () => {
  const [one, two] = [
    await world.client({ CODEXMCP_MAX_CONCURRENT: "1" }),
    await world.client({ CODEXMCP_MAX_CONCURRENT: "1" }),
  ];
  const start = (client: typeof one, name: string, sandbox: string, prompt = "NEVER-ENDING") =>
    client.call("codex_dispatch", { prompt, cwd: folder, topic: `longrun-${name}-v1`, sandbox });
  const id = (name: string) => `codex-longrun-${name}-v1`;
  const statusOf = async (name: string) => (await two.call("codex_status", { task_id: id(name) })).data;

  expect((await start(one, "a", "read-only")).data).toMatchObject({ status: "running" });
  expect((await start(two, "b", "full-access")).data).toMatchObject({ status: "queued" });
  expect((await start(one, "c", "read-only")).data).toMatchObject({ status: "queued" });
  expect((await start(two, "d", "full-access")).data).toMatchObject({ status: "queued" });
  expect((await start(one, "e", "read-only", "SAY-HELLO")).data).toMatchObject({ status: "queued" });
  expect(await statusOf("c")).toMatchObject({ status: "queued", queue_position: 2 });

  // Freed by a cancel; the next in line gets it.
  await one.call("codex_cancel", { task_id: id("a") });
  await world.until(async () => (await statusOf("b"))["status"] === "running");
  expect(await statusOf("c")).toMatchObject({ status: "queued", queue_position: 1 });
  // A waiting one is cancelled: its turn is passed over, and no process of it is left.
  expect((await one.call("codex_cancel", { task_id: id("c") })).data).toMatchObject({ status: "cancelled" });
  expect(world.processes().filter(({ command }) => command.includes(id("c")))).toEqual([]);
  // Freed by a death of supervisor and Codex.
  const isOfB = (command: string) =>
    !/^\S*tmux /.test(command) && (command.includes(id("b")) || isCodexCommand(command));
  for (const { pid, command } of world.processes()) if (isOfB(command)) process.kill(pid, "SIGKILL");
  await world.until(async () => (await statusOf("d"))["status"] === "running");
  // Freed by the end of the tmux session.
  await world.run(world.root, ["tmux", "-S", world.tmuxSocket, "kill-session", "-t", `=${id("d")}`]);
  expect(await world.waitForEnd(two, id("e"))).toMatchObject({ status: "completed", result: "Hello." });
  expect(await statusOf("d")).toMatchObject({ status: "cancelled" });
}, 60_000);

test("a Codex session that a task is using is not resumed by another", async () => {
  const client = await world.client();
  const request = { prompt: "NEVER-ENDING", cwd: folder, topic: "review-writer-v1", sandbox: "read-only" };
  await client.call("codex_dispatch", request);
  let session = "";
  await world.until(async () => {
    const { data } = await client.call("codex_status", { task_id: "codex-review-writer-v1", since_event: 0 });
    session = /"thread_id":"([^"]+)"/.exec(String(data["log_tail"]))?.[1] ?? "";
    return session !== "";
  });
  const second = { ...request, topic: "review-writer-v2", session_id: session };
  await world.until(async () => (await client.call("codex", second)).data["code"] === "session_busy");
  const refused = await client.call("codex", second);
  expect(refused.data["error"]).toContain("codex-review-writer-v1");
  await client.call("codex_cancel", { task_id: "codex-review-writer-v1" });
});

test("a user's abort of a blocking call stops the task; a client whose time is up only leaves it", async () => {
  const client = await world.client();
  const call = (topic: string, options: { signal?: AbortSignal; timeout?: number }) =>
    client.sdk
      .callTool(
        { name: "codex", arguments: { prompt: "NEVER-ENDING", cwd: folder, topic, sandbox: "full-access" } },
        undefined,
        options,
      )
      .catch((error: Error) => error.message);
  const statusOf = async (id: string) => (await client.call("codex_status", { task_id: id })).data["status"];

  const user = new AbortController();
  const aborted = call("implement-aborted-v1", { signal: user.signal });
  await world.until(async () => (await statusOf("codex-implement-aborted-v1")) === "running");
  user.abort("AbortError: user-cancel");
  await aborted;
  expect(await world.waitForEnd(client, "codex-implement-aborted-v1")).toMatchObject({ status: "cancelled" });

  expect(await call("implement-timed_out-v1", { timeout: 1500 })).toContain("timed out");
  await Bun.sleep(300); // a cancel, if one came, would have been carried out by then
  expect(await statusOf("codex-implement-timed_out-v1")).toBe("running");
  await client.call("codex_cancel", { task_id: "codex-implement-timed_out-v1" });
});
