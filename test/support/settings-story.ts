import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "./command-line.ts";
import { linesOf } from "./random-edits.ts";
import type { McpClient } from "./mcp-client.ts";
import { portray } from "./random-worktree.ts";
import type { World } from "./world.ts";

/** What a story came to, in parts that can be compared with another's. */
export type StoryRecord = Record<string, unknown>;

/** What a story is told with. */
export interface Story {
  world: World;
  client: McpClient;
  /** Variables of the user's shell. */
  environment: Record<string, string>;
  /** Different for each story of a world. */
  number: number;
}

/** The marks of tasks, and what Codex does for them. */
const WORK: Record<string, string> = {
  LEAVE: [
    "sed -i 's/line 5/LINE 5/' text.txt",
    "mv 'old name.txt' 'new name.txt'",
    "rm gone.txt",
    "echo more >> 'ümläut.txt'",
    "echo 'int more;  ' >> src/main.c",
    "printf 'a\\r\\nb\\r\\n' > crlf.txt",
    "printf '\\000\\001' > binary.bin",
  ].join("; "),
  COMMIT:
    "echo one > one.txt; git add one.txt; git commit -qm 'Add one'; echo two >> one.txt; git commit -qam 'Add two'",
  MERGED: "echo merged > merged.txt; rm link; ln -s elsewhere link",
  SAVED: "echo saved > saved.txt; mkdir -p new; echo x > new/x; ln -s nowhere new/link; echo log > a.log",
};

const identity = ["-c", "user.name=Test", "-c", "user.email=test@example.invalid"];

/** Prepares a world for stories: the scripts, and the repository that each gets a copy of. */
export async function prepareStories(world: World): Promise<void> {
  for (const [mark, run] of Object.entries(WORK)) world.stub.script(mark, [{ run }, { say: "Done." }]);
  await world.repository("other");
  const path = world.folder("template");
  mkdirSync(join(path, "src"));
  const files = {
    "text.txt": linesOf("text", 12),
    "old name.txt": linesOf("old", 12),
    "gone.txt": linesOf("gone", 5),
    "ümläut.txt": "ü\n",
    "src/main.c": "int main;\n",
    "merge.txt": linesOf("merge", 12),
    ".gitignore": "*.log\n",
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
  symlinkSync("text.txt", join(path, "link"));
  await plainGit(world, path, "init", "--quiet", "--initial-branch=main");
  await plainGit(world, path, "add", ".");
  await plainGit(world, path, "commit", "--quiet", "--message=Start");
}

/** Runs git as if nobody had configured anything. */
async function plainGit(world: World, folder: string, ...args: string[]): Promise<string> {
  const command = ["env", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_OPTIONAL_LOCKS=0", "git", ...identity, ...args];
  return (await world.run(folder, command)).trim();
}

/** Tells a story from the work of four tasks to its merges by four strategies, with a worktree that goes and comes back. */
export async function tellStory({ world, client, environment, number }: Story): Promise<StoryRecord> {
  const token = `r${String(number).padStart(4, "0")}`;
  const repo = join(world.root, token);
  cpSync(join(world.root, "template"), repo, { recursive: true, verbatimSymlinks: true });
  const git = async (...args: string[]) => plainGit(world, repo, ...args);
  const record: StoryRecord = {};
  const cli = async (...args: string[]) => {
    const { exitCode, stdout, stderr } = await runCli(world, args, environment, repo);
    return { exitCode, stdout, stderr };
  };
  const run = async (mark: string, more: object = {}) => {
    const topic = `implement-${mark.toLowerCase()}_${token}-v1`;
    const { data } = await client.call("codex", { prompt: mark, cwd: repo, topic, sandbox: "full-access", ...more });
    record[`task ${mark}`] = data;
    return {
      id: String(data["task_id"]),
      worktree: String(data["worktree_dir"]),
      branch: String(data["agent_branch"]),
    };
  };
  const [leave, commit, merged, saved] = await Promise.all([
    run("LEAVE"),
    run("COMMIT"),
    run("MERGED"),
    run("SAVED", { commit: "never" }),
  ]);
  const { data: diff } = await client.call("codex_diff", { task_id: leave.id });
  record["diff"] = diff;
  record["patch"] = await applyPatch(world, repo, leave.branch, String(diff["patch_file"]));
  record["patch of the command line"] =
    (await cli("diff", leave.id)).stdout === readFileSync(String(diff["patch_file"]), "utf8");
  record["diff of uncommitted work"] = (await client.call("codex_diff", { task_id: saved.id })).data;
  const listed = async () => (await cli("worktrees")).stdout.split("\n").filter((line) => line.includes(token));
  record["worktrees"] = await listed();
  const before = await portrayPlainly(saved.worktree);
  record["discard"] = (await client.call("codex_discard", { task_id: saved.id })).data;
  record["restore"] = await cli("restore", saved.id);
  record["restored as it was"] = Bun.deepEquals(await portrayPlainly(saved.worktree).catch(String), before);
  // As the user would, with their own settings; only a signature is not what this is about.
  await world.run(saved.worktree, ["git", "add", "--all"]);
  const commitArgs = ["commit", "--quiet", "--message=Saved", "--allow-empty"];
  await world.run(saved.worktree, [
    "git",
    ...identity,
    "-c",
    "commit.gpgSign=false",
    "-c",
    "commit.template=",
    ...commitArgs,
  ]);
  const merge = async (id: string, strategy: string, more: object = {}) => {
    record[`merge by ${strategy}`] = (await client.call("codex_merge", { task_ids: [id], strategy, ...more })).data;
  };
  await merge(leave.id, "ff-only");
  await merge(commit.id, "rebase");
  await merge(merged.id, "merge", { message: "Grüße\n\n# no comment" });
  await merge(saved.id, "squash");
  record["commits"] = await git("log", "--format=%an <%ae> %cn %P%n%B%n%T", "--first-parent", "main");
  record["content"] = await git("ls-tree", "-r", "main");
  record["status"] = (await world.run(repo, ["git", "status", "--porcelain"])).split("\n").filter(Boolean);
  record["refs"] = await git("for-each-ref", "--format=%(refname)");
  const other = join(world.root, "other");
  record["another repository"] = [
    await plainGit(world, other, "status", "--porcelain"),
    await plainGit(world, other, "for-each-ref"),
    await plainGit(world, other, "count-objects"),
  ];
  record["worktrees at the end"] = await listed();
  record["left beside"] = readdirSync(world.root)
    .filter((name) => name.includes(token))
    .toSorted();
  for (const name of readdirSync(world.root)) {
    if (name.includes(token)) rmSync(join(world.root, name), { recursive: true });
  }
  return normalize(record, world.root, token);
}

/** Applies a patch to what the work began from. @returns whether it makes what the work made of it */
async function applyPatch(world: World, repo: string, branch: string, patch: string): Promise<string> {
  const index = join(world.root, `index-${crypto.randomUUID()}`);
  const git = async (...args: string[]) =>
    (await world.run(repo, ["env", `GIT_INDEX_FILE=${index}`, "GIT_CONFIG_GLOBAL=/dev/null", "git", ...args])).trim();
  try {
    await git("read-tree", "main");
    await git("apply", "--cached", "--whitespace=nowarn", patch);
    return (await git("write-tree")) === (await git("rev-parse", `${branch}^{tree}`)) ? "reproduces" : "another tree";
  } catch (error) {
    return `does not apply: ${error instanceof Error && "stderr" in error ? String(error.stderr) : String(error)}`;
  }
}

/** Describes a worktree; its files only, since git's words would be the user's configuration's. */
async function portrayPlainly(worktree: string): Promise<unknown> {
  const all = (await portray(worktree)) as { files: unknown };
  return all.files;
}

/** Fields that differ from one run of the story to another: what is compared depends on which of the tasks are at work at that moment. */
const VARYING = new Set(["elapsed_seconds", "usage", "session_id", "merges_cleanly", "conflicts_with", "not_compared"]);

/** Takes out what is another in every run. */
function normalize(record: StoryRecord, root: string, token: string): StoryRecord {
  const text = JSON.stringify(record, (key, value: unknown) => (VARYING.has(key) ? undefined : value));
  const plain = text
    .replaceAll(root, "<world>")
    .replaceAll(token, "<r>")
    .replaceAll(/\b[0-9a-f]{40}\b/g, "<sha>")
    .replaceAll(/index [0-9a-f]+\.\.[0-9a-f]+/g, "index <sha>")
    .replaceAll(/\d{8}T\d{9}Z-\w+/g, "<time>")
    .replaceAll(/ +\d+(?:\.\d+)? (?:B|KiB|kB|KB) +\d+ ?\w+ ago/g, " <size and time>")
    .replaceAll(/ {2,}/g, "  ");
  return JSON.parse(plain) as StoryRecord;
}
