import { afterAll, beforeAll, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { $ } from "bun";
import { McpClient } from "../support/mcp-client.ts";
import { BINARY, World } from "../support/world.ts";

// Every cell of the matrix: BAD_ITEMS=all npm test -- test/fault/bad-items.test.ts
const SAMPLE = process.env["BAD_ITEMS"] === "all" ? Number.POSITIVE_INFINITY : Number(process.env["BAD_ITEMS"] ?? 30);

const BAD = "codex-implement-bad-v1";
const GOOD = "codex-implement-good-v1";
const ITEMS = [
  "codexmcp.db",
  "codexmcp.db-wal",
  "codexmcp.db-shm",
  "codex-probe.json",
  "sandbox-probe.json",
  "locks",
  "locks/index.lock",
  "removed",
  `tasks/${BAD}`,
  ...[
    "meta.json",
    "prompt.md",
    "codex-exec.log",
    "codex-exec.times",
    "codex-stderr.log",
    "result.md",
    "live",
    "live/owner.lock",
  ].map((name) => `tasks/${BAD}/${name}`),
  ...[
    "live/codex-2.lock",
    "live/heartbeat.json",
    "live/wake",
    "live/cgroup",
    "diff.patch",
    "handover.json",
    "runs",
    "runs/1",
  ].map((name) => `tasks/${BAD}/${name}`),
  `tasks/${BAD}/runs/1/meta.json`,
];

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.warn("SKIPPED: files of other users, devices, since only root can make them");
/** Somebody who is not root, for whom permissions mean something. */
const USER = 65_534;

/** Ways to be bad: what is put in an item's place. */
const WAYS: Record<string, (path: string) => void> = {
  missing: () => {},
  empty: (path) => writeFileSync(path, ""),
  torn: (path) => writeFileSync(path, '{"task_id": "codex-'),
  garbage: (path) => writeFileSync(path, Buffer.alloc(8192, "\xff\x00{", "latin1")),
  folder: (path) => mkdirSync(join(path, "within"), { recursive: true }),
  pipe: (path) => void Bun.spawnSync(["mkfifo", path]),
  "link to a device": (path) => void Bun.spawnSync(["ln", "-s", "/dev/zero", path]),
  "dangling link": (path) => void Bun.spawnSync(["ln", "-s", "/nowhere", path]),
  "1 GB": (path) => {
    writeFileSync(path, "");
    truncateSync(path, 1024 ** 3);
  },
  "newer version": (path) => writeFileSync(path, '{"task_id":"codex-x","status":"paused","version":99}'),
  ...(isRoot && {
    device: (path: string) => void Bun.spawnSync(["mknod", path, "c", "1", "5"]),
    "not ours": (path: string) => {
      writeFileSync(path, "somebody else's");
      chmodSync(path, 0o600);
      chownSync(path, 0, 0);
    },
    unreadable: (path: string) => {
      writeFileSync(path, "nobody may read this");
      chmodSync(path, 0);
      chownSync(path, USER, USER);
    },
  }),
};
/** The ways that mean something only to a user who is not root. */
const OF_USERS = new Set(["not ours", "unreadable"]);

let world: World;
let client: McpClient;
let program: string;
let user: McpClient | undefined;
let repository: string;

beforeAll(async () => {
  world = new World();
  world.stub.script("SAY-HELLO", [{ run: "echo x > file.txt" }, { say: "Hello." }]);
  client = await world.client();
  repository = await world.repository();
  const request = (topic: string) => ({ prompt: "SAY-HELLO", cwd: repository, topic, sandbox: "full-access" });
  for (const topic of ["implement-bad-v1", "implement-bad-v1", "implement-good-v1"]) {
    expect((await client.call("codex", request(topic))).data).toMatchObject({ success: true });
  }
  for (const task_id of [BAD, GOOD]) await client.call("codex_diff", { task_id });
  await world.until(() => !world.processes().some(({ command }) => command.includes("run-task")));
  chmodSync(world.root, 0o755);
  program = join(world.root, "codex-mcp-server");
  copyFileSync(BINARY, program);
  chmodSync(program, 0o755);
});
afterAll(async () => {
  await user?.close();
  await world.close();
});

const asUser = ["setpriv", `--reuid=${USER}`, `--regid=${USER}`, "--clear-groups", "--"];

/** What each command and tool says of the other tasks. @returns what is wrong with it */
async function lookAtOthers(asked: McpClient, prefix: readonly string[]): Promise<string[]> {
  const faults: string[] = [];
  const list = await asked.call("codex_status", {});
  const tasks = (list.data["tasks"] ?? []) as { task_id: string; status: string }[];
  if (list.isError) faults.push(`list: ${JSON.stringify(list.data)}`);
  const good = tasks.find(({ task_id }) => task_id === GOOD);
  if (!list.isError && good?.status !== "completed") faults.push("list: the good task is missing");
  const calls: [string, object][] = [
    ["codex_status", { task_id: GOOD }],
    ["codex_wait", { task_ids: [GOOD] }],
    ["codex_cancel", { task_id: GOOD }],
  ];
  for (const [tool, args] of calls) {
    const answer = await asked.call(tool, args);
    if (answer.isError) faults.push(`${tool}: ${JSON.stringify(answer.data)}`);
  }
  const ofBad = await asked.call("codex_status", { task_id: BAD, since_event: 0 });
  if (ofBad.data["code"] === "internal") faults.push(`the bad one: ${JSON.stringify(ofBad.data)}`);
  for (const args of [["tasks"], ["show", GOOD], ["logs", GOOD], ["clean"]]) {
    const command = Bun.spawn([...prefix, program, ...args], {
      env: world.environment(),
      cwd: "/",
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      timeout: 20_000,
    });
    const said = await command.stderr.text();
    if ((await command.exited) !== 0) faults.push(`${args.join(" ")}: ${said}`);
  }
  return faults;
}

/** Takes a random part of a list. */
function sample<T>(list: readonly T[], size: number): T[] {
  return list
    .map((each) => ({ each, key: Math.random() }))
    .toSorted((a, b) => a.key - b.key)
    .slice(0, size)
    .map(({ each }) => each);
}

test("whatever is wrong with one item of the state folder, every command and tool works for the other tasks", async () => {
  const backup = join(world.root, "backup");
  await $`cp -a ${world.stateHome} ${backup}`.quiet();
  const cells = ITEMS.flatMap((item) => Object.keys(WAYS).map((way) => ({ item, way })));
  const table: Record<string, Record<string, string>> = {};
  const faults: object[] = [];
  for (const { item, way } of sample(cells, SAMPLE)) {
    const isOfUser = OF_USERS.has(way);
    rmSync(world.stateHome, { recursive: true, force: true });
    await $`cp -a ${backup} ${world.stateHome}`.quiet();
    if (isOfUser) await $`chown -R ${USER}:${USER} ${world.home} ${repository}`.quiet();
    const path = join(world.stateHome, item);
    rmSync(path, { recursive: true, force: true });
    WAYS[way]?.(path);
    if (isOfUser) {
      user?.close().catch(() => {});
      user = await McpClient.start([...asUser, program], world.environment(), "/");
    }
    const wrong = await lookAtOthers(isOfUser && user !== undefined ? user : client, isOfUser ? asUser : []);
    (table[item] ??= {})[way] = wrong.length === 0 ? "ok" : "FAULT";
    if (wrong.length > 0) faults.push({ item, way, wrong });
    if (isOfUser) await $`chown -R 0:0 ${world.home} ${repository}`.quiet();
  }
  console.table(table);
  expect(faults).toEqual([]);
  expect(readdirSync(world.stateHome)).toContain("tasks");
}, 1_200_000);
