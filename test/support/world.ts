import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { $ } from "bun";
import { codexOf, TESTED_VERSION } from "./codex-version.ts";
import { listNames } from "#base/paths.ts";
import { readLockState } from "#store/locks/held-lock.ts";
import { sparePaths } from "#store/store-paths.ts";
import { McpClient } from "./mcp-client.ts";
import { ModelStub } from "./model-stub.ts";
import { processesOf, readProc } from "./processes.ts";

const PROJECT = join(import.meta.dir, "..", "..");

/** The compiled binary that end-to-end tests drive. */
export const BINARY = join(PROJECT, "dist", "codex-mcp-server");

/** The tested Codex CLI, by npm's launcher as users have it: the pinned one, or that of CODEXMCP_TEST_CODEX. */
export const CODEX = codexOf(TESTED_VERSION);

/**
 * A machine of its own: HOME, CODEX_HOME, state folder, tmux server, model, all in one folder that
 * goes with it. Not under /tmp: Codex refuses to set its sandbox up from there.
 */
export class World {
  readonly root = realpathSync(mkdtempSync("/var/tmp/codexmcp-"));
  readonly home = join(this.root, "home");
  readonly codexHome = join(this.home, ".codex");
  readonly stateHome = join(this.home, ".codexmcp");
  readonly tmuxSocket = join(this.root, "tmux.sock");
  readonly stub = new ModelStub();
  readonly #clients: McpClient[] = [];
  readonly #codex: "stub" | "own";

  /** @param options with `codex: "own"`, Codex and its account are those of the user who runs this */
  constructor(options: { codex: "stub" | "own" } = { codex: "stub" }) {
    this.#codex = options.codex;
    mkdirSync(this.codexHome, { recursive: true });
    mkdirSync(join(this.root, "bin"));
    writeFileSync(join(this.codexHome, "config.toml"), codexConfig(this.stub.url));
    giveModels(this.codexHome);
    writeFileSync(
      join(this.home, ".gitconfig"),
      "[user]\n\tname = Test\n\temail = test@example.invalid\n[init]\n\tdefaultBranch = main\n",
    );
  }

  /** The environment that the world's programs get: nothing of the developer's own. */
  environment(more: Record<string, string | undefined> = {}): Record<string, string> {
    const own = this.#codex === "own" ? process.env : {};
    const all: Record<string, string | undefined> = {
      ...own,
      PATH: `${join(this.root, "bin")}:${process.env["PATH"] ?? ""}`,
      HOME: this.home,
      SHELL: "/bin/sh",
      LANG: "C.UTF-8",
      TERM: "xterm-256color",
      PAGER: "cat",
      ...(this.#codex === "own"
        ? { CODEX_HOME: process.env["CODEX_HOME"] ?? join(process.env["HOME"] ?? "", ".codex") }
        : { STUB_KEY: "stub-key", CODEXMCP_CODEX_BIN: CODEX }),
      CODEXMCP_TMUX_SOCKET: this.tmuxSocket,
      // Which engine a whole run of the tests uses.
      CODEXMCP_ENGINE: process.env["CODEXMCP_TEST_ENGINE"],
      ...more,
    };
    return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined));
  }

  /** A client with a server of its own. @param prefix words before the server's command, e.g. to start it on another machine */
  async client(
    more: Record<string, string | undefined> = {},
    cwd = this.root,
    prefix: readonly string[] = [],
  ): Promise<McpClient> {
    const client = await McpClient.start([...prefix, BINARY], this.environment(more), cwd);
    this.#clients.push(client);
    return client;
  }

  /** A repository with one commit, at `<world>/<name>`. */
  async repository(name = "project"): Promise<string> {
    const path = this.folder(name);
    writeFileSync(join(path, "README.md"), `# ${name}\n`);
    await this.run(path, ["git", "init", "--quiet"]);
    await this.run(path, ["git", "add", "."]);
    await this.run(path, ["git", "commit", "--quiet", "-m", "Start"]);
    return path;
  }

  /** An empty folder in the world. */
  folder(name: string): string {
    const path = join(this.root, name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  /** Runs a program in the world. @returns its standard output @throws where it fails */
  async run(folder: string, command: readonly string[]): Promise<string> {
    return $`${command}`.cwd(folder).env(this.environment()).quiet().text();
  }

  /** Runs git in the world. @returns its answer, trimmed @throws where it fails */
  async git(folder: string, ...args: string[]): Promise<string> {
    return (await this.run(folder, ["git", ...args])).trim();
  }

  /** Waits until something is so. */
  async until(isSo: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = performance.now() + 20_000;
    while (!(await isSo())) {
      if (performance.now() > deadline) throw new Error(`it did not become so: ${isSo.toString()}`);
      await Bun.sleep(10);
    }
  }

  /** Asks for a task's status until it has ended. */
  async waitForEnd(client: McpClient, taskId: string): Promise<Record<string, unknown>> {
    const deadline = performance.now() + 60_000;
    while (performance.now() < deadline) {
      const { data } = await client.call("codex_status", { task_id: taskId });
      if (!["queued", "running"].includes(String(data["status"]))) return data;
      await Bun.sleep(50);
    }
    throw new Error(`${taskId} did not end`);
  }

  /** The names of the tmux sessions that are there. */
  async sessions(): Promise<string[]> {
    const list = $`tmux -S ${this.tmuxSocket} list-sessions -F ${"#{session_name}"}`;
    const { stdout } = await list.env(this.environment()).quiet().nothrow();
    return stdout.toString().split("\n").filter(Boolean);
  }

  /** What a task's pane shows. */
  async pane(taskId: string): Promise<string> {
    const pane = $`tmux -S ${this.tmuxSocket} capture-pane -p -t ${`=${taskId}:`}`;
    return (await pane.env(this.environment()).quiet().nothrow()).stdout.toString();
  }

  /** Ends the clients and the model, and leaves all else as it is. */
  async leave(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    await this.stub.stop();
  }

  /** Processes that belong to this world: those whose environment names its folder. Those that servers keep ready are not listed. */
  processes(): { pid: number; command: string }[] {
    return processesOf(this.root).filter((each) => !isKeptReady(this.stateHome, each));
  }

  /** Ids of the Codex processes that servers keep ready. */
  spares(): string[] {
    const isRunning = (id: string) => processesOf(this.root).some(({ command }) => command.includes(`/spares/${id}/`));
    return listNames(join(this.stateHome, "spares")).filter((id) => isKept(this.stateHome, id) && isRunning(id));
  }

  /** Ends the clients and waits until no process of the world is left; ends, and tells of, any that stays. */
  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    await $`tmux -S ${this.tmuxSocket} kill-server`.env(this.environment()).quiet().nothrow();
    const left = await this.#waitForProcesses();
    for (const { pid } of left) killIfThere(pid);
    await this.stub.stop();
    rmSync(this.root, { recursive: true, force: true });
    if (left.length > 0) throw new Error(`processes were left behind: ${JSON.stringify(left)}`);
  }

  async #waitForProcesses(): Promise<{ pid: number; command: string }[]> {
    const deadline = performance.now() + 5000;
    let left = processesOf(this.root);
    while (left.length > 0 && performance.now() < deadline) {
      await Bun.sleep(20);
      left = processesOf(this.root);
    }
    return left;
  }
}

/** Returns whether a process is one that a server keeps ready for its next task, a child of it, or watches it. */
function isKeptReady(stateHome: string, { pid, command }: { pid: number; command: string }): boolean {
  if (command.startsWith("/bin/sh -c \nstart_of()")) return true;
  const [, id] = /\b(spare-\w+-[0-9a-f-]{36})\b/.exec(command + readProc(pid, "environ")) ?? [];
  return id !== undefined && isKept(stateHome, id);
}

function isKept(stateHome: string, id: string): boolean {
  return readLockState(sparePaths(stateHome, id).ownerLock) === "held";
}

/** Kills a process, unless it has ended by itself. */
export function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

function codexConfig(url: string): string {
  return `model = "gpt-5"
model_provider = "stub"
check_for_update_on_startup = false

[model_providers.stub]
name = "stub"
base_url = "${url}"
wire_api = "responses"
env_key = "STUB_KEY"
request_max_retries = 0
stream_max_retries = 0
`;
}

/** Earlier versions ask OpenAI for its models, for three seconds where there is no network, unless they have just done so. */
function giveModels(codexHome: string): void {
  if (TESTED_VERSION === undefined) return;
  const known = {
    fetched_at: new Date(Date.now() + 3_600_000).toISOString(),
    client_version: TESTED_VERSION,
    models: [],
  };
  writeFileSync(join(codexHome, "models_cache.json"), JSON.stringify(known));
}
