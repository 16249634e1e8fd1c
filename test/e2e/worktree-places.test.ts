import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { runCli } from "../support/command-line.ts";
import {
  canMountDisks,
  type FoldingDisk,
  mountDisk,
  mountFoldingDisk,
  remountDisk,
  unmountDisk,
} from "../support/disk.ts";
import type { McpClient, ToolAnswer } from "../support/mcp-client.ts";
import { World } from "../support/world.ts";

let world: World;
let client: McpClient;

beforeAll(async () => {
  world = new World();
  world.stub.script("WORK", [{ run: "echo work > work.txt" }, { say: "Worked." }]);
  world.stub.script("MORE", [{ run: "echo more > more.txt" }, { say: "Worked." }]);
  client = await world.client();
});
afterAll(() => world.close());

const canMount = canMountDisks();
if (!canMount) console.warn("SKIPPED: read-only disks, since none can be mounted here (needs root)");

const git = (folder: string, ...args: string[]) => world.git(folder, ...args);
const start = (from: McpClient, cwd: string, topic: string, more: object = {}): Promise<ToolAnswer> =>
  from.call("codex", { prompt: "WORK", cwd, topic, sandbox: "full-access", ...more });
const placed = (worktrees: string) => world.client({ CODEXMCP_WORKTREES: worktrees });

describe("CODEXMCP_WORKTREES", () => {
  test("a folder: the worktree is in it, by its usual name; it is merged, discarded and restored", async () => {
    const repo = await world.repository("plain");
    const server = await placed(join(world.root, "all", "of them"));
    const { data } = await start(server, repo, "implement-plain-v1");
    const worktree = join(world.root, "all", "of them", "plain-agent-implement-plain");
    expect(data).toMatchObject({ success: true, worktree_dir: worktree });
    expect(data["note"]).toBeUndefined();
    expect((await server.call("codex_merge", { task_ids: [data["task_id"]] })).data).toMatchObject({ success: true });
    expect(readFileSync(join(repo, "work.txt"), "utf8")).toBe("work\n");
    await server.call("codex_discard", { task_id: data["task_id"] });
    expect(existsSync(worktree)).toBe(false);
    await server.call("codex_discard", { task_id: data["task_id"], restore: true });
    expect(readFileSync(join(worktree, "work.txt"), "utf8")).toBe("work\n");
  });

  test("names are filled in; links are followed, so that the next version finds it again", async () => {
    const repo = await world.repository("filled");
    mkdirSync(join(world.root, "real"));
    symlinkSync(join(world.root, "real"), join(world.root, "link"));
    const server = await placed(join(world.root, "link", "{repo}", "on-{branch}"));
    const worktree = join(world.root, "real", "filled", "on-agent-implement-filled");
    expect((await start(server, repo, "implement-filled-v1")).data).toMatchObject({ worktree_dir: worktree });
    const again = await start(server, repo, "implement-filled-v2", { prompt: "MORE" });
    expect(again.data).toMatchObject({ success: true, worktree_dir: worktree, commits_ahead: 2 });
  });

  test("~ and relative folders: the latter from the main working tree, whichever cwd is in", async () => {
    const repo = await world.repository("relative");
    await git(repo, "worktree", "add", "--quiet", join(world.root, "side"));
    const inHome = await placed("~/trees");
    const { data } = await start(inHome, repo, "implement-tilde-v1");
    expect(data).toMatchObject({ worktree_dir: join(world.home, "trees", "relative-agent-implement-tilde") });
    const inside = await placed("../beside/{branch}");
    for (const [index, cwd] of [repo, join(world.root, "side")].entries()) {
      const answer = await start(inside, cwd, `implement-rel_${index}-v1`);
      expect(answer.data).toMatchObject({ worktree_dir: join(world.root, "beside", `agent-implement-rel_${index}`) });
    }
  });

  test("repositories of one name: each has a worktree of its own, at the same time too", async () => {
    const [one, other, third] = [
      await world.repository("first/same"),
      await world.repository("second/same"),
      await world.repository("third/same"),
    ];
    const server = await placed(join(world.root, "shared"));
    const { data } = await start(server, one, "implement-same-v1");
    const answers = await Promise.all([other, third].map((cwd) => start(server, cwd, "implement-same-v1")));
    const places = [data, ...answers.map((answer) => answer.data)].map((each) => String(each["worktree_dir"]));
    expect(new Set(places).size).toBe(3);
    expect(places[0]).toBe(join(world.root, "shared", "same-agent-implement-same"));
    for (const [index, repo] of [one, other, third].entries()) {
      expect(await git(places[index] ?? "", "rev-parse", "--path-format=absolute", "--git-common-dir")).toBe(
        join(repo, ".git"),
      );
    }
    // The next version finds its own again.
    const next = await start(server, other, "implement-same-v2", { prompt: "MORE" });
    expect(next.data).toMatchObject({ success: true, worktree_dir: places[1], commits_ahead: 2 });
  });

  test("a worktree that is there stays where it is, whatever is set later", async () => {
    const repo = await world.repository("stays");
    const { data } = await start(client, repo, "implement-stays-v1");
    const server = await placed(join(world.root, "elsewhere"));
    const again = await start(server, repo, "implement-stays-v2", { prompt: "MORE" });
    expect(again.data).toMatchObject({ success: true, worktree_dir: data["worktree_dir"], commits_ahead: 2 });
    expect((await start(server, repo, "implement-new-v1")).data).toMatchObject({
      worktree_dir: join(world.root, "elsewhere", "stays-agent-implement-new"),
    });
    // Once it was discarded, the setting counts.
    await server.call("codex_discard", { task_id: "codex-implement-stays-v2" });
    expect((await start(server, repo, "implement-stays-v3")).data).toMatchObject({
      worktree_dir: join(world.root, "elsewhere", "stays-agent-implement-stays"),
    });
  });

  test("what a discard that was broken off has left there is found by clean", async () => {
    const repo = await world.repository("broken-off");
    const server = await placed(join(world.root, "cleaned"));
    await start(server, repo, "implement-off-v1");
    const left = join(world.root, "cleaned", ".codexmcp-removed-x");
    mkdirSync(left);
    expect((await runCli(world, ["clean"])).stdout).toContain(left);
    rmSync(left, { recursive: true });
  });

  test("unknown braces are refused; a folder that cannot be used is named", async () => {
    const repo = await world.repository("wrong");
    const wrong = await runCli(world, ["tasks"], { CODEXMCP_WORKTREES: "/x/{topic}" });
    expect(wrong.stderr).toContain("CODEXMCP_WORKTREES may contain {repo} and {branch}");
    for (const folder of ["/proc/worktrees", join(repo, "README.md", "x")]) {
      const { data } = await start(await placed(folder), repo, "implement-wrong-v1");
      expect(data["code"]).toBe("worktree_folder_unusable");
      expect(data["error"]).toContain(folder);
    }
    expect(await git(repo, "branch", "--list", "agent/*")).toBe("");
  });
});

describe.skipIf(!canMount)("where nothing can be written beside the repository", () => {
  let parent: string;
  let repo: string;

  beforeAll(async () => {
    parent = world.folder("sealed");
    mountDisk(parent, "1m");
    mkdirSync(join(parent, "project"));
    mountDisk(join(parent, "project"), "16m");
    repo = await world.repository("sealed/project");
    remountDisk(parent, "ro");
  });
  afterAll(() => {
    remountDisk(repo, "rw");
    unmountDisk(repo);
    unmountDisk(parent);
  });

  test("the worktree is below the state folder, closed to others, and the answer says so; doctor too", async () => {
    const { data } = await start(client, repo, "implement-sealed-v1");
    expect(data).toMatchObject({ success: true });
    const worktree = String(data["worktree_dir"]);
    expect(worktree).toStartWith(join(world.stateHome, "worktrees", "project-"));
    expect(basename(worktree)).toBe("project-agent-implement-sealed");
    expect(data["note"]).toContain("CODEXMCP_WORKTREES");
    expect(statSync(dirname(worktree)).mode & 0o077).toBe(0);
    expect(statSync(join(world.stateHome, "worktrees")).mode & 0o077).toBe(0);
    const again = await start(client, repo, "implement-sealed-v2", { prompt: "MORE" });
    expect(again.data).toMatchObject({ success: true, worktree_dir: worktree, commits_ahead: 2 });
    const merged = await client.call("codex_merge", { task_ids: [data["task_id"]] });
    expect(merged.data).toMatchObject({ success: true });
    expect(readFileSync(join(repo, "more.txt"), "utf8")).toBe("more\n");
    const found = (await runCli(world, ["doctor"], {}, repo)).stdout;
    expect(found).toMatch(/! worktree place/);
    const set = (await runCli(world, ["doctor"], { CODEXMCP_WORKTREES: join(world.root, "set") }, repo)).stdout;
    expect(set).toMatch(/✓ worktree place/);
  });

  test("a repository that is read-only itself is refused, with what can be done", async () => {
    remountDisk(repo, "ro");
    const { data } = await start(client, repo, "implement-frozen-v1");
    remountDisk(repo, "rw");
    expect(data).toMatchObject({ code: "repository_read_only" });
    expect(data["hint"]).toContain("read-only task");
    expect(await git(repo, "branch", "--list", "agent/implement-frozen")).toBe("");
  });
});

describe.skipIf(!canMount)("a disk that is full", () => {
  test("nothing is left of the try, and what to do is said", async () => {
    const repo = await world.repository("large");
    await world.run(repo, ["dd", "if=/dev/urandom", "of=large.bin", "bs=1M", "count=3", "status=none"]);
    await git(repo, "add", ".");
    await git(repo, "commit", "--quiet", "-m", "Large");
    const disk = world.folder("small-disk");
    mountDisk(disk, "1m");
    try {
      const { data } = await start(await placed(disk), repo, "implement-large-v1");
      expect(data).toMatchObject({ code: "file_system_refused" });
      expect(data["hint"]).toContain("Free space");
      expect(await git(repo, "branch", "--list", "agent/*")).toBe("");
      expect((await git(repo, "worktree", "list")).split("\n")).toHaveLength(1);
      expect(readdirSync(disk)).toEqual([]);
    } finally {
      unmountDisk(disk);
    }
  });
});

describe("a file system that does not tell names apart by the case of their letters", () => {
  let disk: FoldingDisk | undefined = mountFoldingDisk();
  const canFold = disk !== undefined;
  disk?.remove();
  if (!canFold) console.warn("SKIPPED: topics that differ in case: no disk here folds names (Debian: ntfs-3g)");
  beforeAll(() => {
    disk = canFold ? mountFoldingDisk() : undefined;
  });
  afterAll(() => disk?.remove());

  test.skipIf(!canFold)("topics that differ in case only are refused", async () => {
    const repo = join(disk?.folder ?? "", "project");
    mkdirSync(repo);
    await git(repo, "init", "--quiet");
    await git(repo, "commit", "--quiet", "--allow-empty", "-m", "First");
    expect((await start(client, repo, "implement-Case-v1")).data).toMatchObject({ success: true });
    const { data } = await start(client, repo, "implement-case-v1");
    expect(data).toMatchObject({ code: "worktree_path_taken" });
    expect(data["error"]).toContain("only in the case of letters");
    // A branch without a worktree is in the way all the same.
    const packed = `# pack-refs with: sorted\n${await git(repo, "rev-parse", "HEAD")} refs/heads/agent/implement-Packed\n`;
    writeFileSync(join(repo, ".git", "packed-refs"), packed);
    expect((await start(client, repo, "implement-packed-v1")).data).toMatchObject({ code: "worktree_path_taken" });
    // Nor do the tasks' folders take both.
    const state = join(disk?.folder ?? "", "state");
    const server = await world.client({ CODEXMCP_HOME: state });
    const elsewhere = await world.repository("cased");
    expect((await start(server, elsewhere, "implement-small-v1")).data).toMatchObject({ success: true });
    const refused = await start(server, elsewhere, "implement-SMALL-v1");
    expect(refused.data).toMatchObject({ code: "invalid_topic" });
    // Nothing is to write there once the disk is gone.
    await server.close();
    await world.until(() => world.processes().every(({ command }) => !command.includes("run-task")));
  });
});
