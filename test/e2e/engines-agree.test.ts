// What the model is asked does not depend on the engine: same settings of the call and of Codex's files, same requests.
import { afterAll, beforeAll, expect } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { appServerTest } from "../support/newer-codex.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { World } from "../support/world.ts";

const DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const ENGINES = ["exec", "app-server"] as const;

/** Call, and Codex's files; `$ROOT` is the world's folder. */
interface Case {
  call?: Record<string, unknown>;
  /** Settings of `config.toml`, before its tables. */
  top?: string;
  /** Tables of `config.toml`. */
  tables?: string;
  profile?: string;
  /** The repository's `.codex/config.toml`. */
  project?: string;
  /** What the sandbox allows: a folder outside, temporary files, network. */
  allows?: string[];
  /** Files that programs of Codex's configuration make, with each engine. */
  makes?: string[];
  /** Files of programs that must not be started. */
  never?: string[];
}

const WRITABLE = { sandbox: "workspace-write" };
const TRUSTED = '[projects."$ROOT/project"]\ntrust_level = "trusted"\n';

const CASES: Record<string, Case> = {
  "nothing but a prompt": { allows: [] },
  "full access": { call: { sandbox: "full-access" }, allows: ["outside", "temporary", "network"] },
  "the workspace": { call: WRITABLE, allows: ["temporary"] },
  "the workspace with network": { call: { ...WRITABLE, network: true }, allows: ["temporary", "network"] },
  "a sandbox of the user's": {
    call: WRITABLE,
    allows: ["outside", "network"],
    tables: `[sandbox_workspace_write]\nwritable_roots = ["$ROOT/extra"]\nnetwork_access = true\nexclude_slash_tmp = true\nexclude_tmpdir_env_var = true\n`,
  },
  "a sandbox of a trusted project's": {
    call: WRITABLE,
    allows: ["temporary", "network"],
    tables: TRUSTED,
    project: "[sandbox_workspace_write]\nnetwork_access = true\n",
  },
  "a sandbox of an untrusted project's": {
    call: WRITABLE,
    allows: ["temporary"],
    project: '[sandbox_workspace_write]\nnetwork_access = true\nwritable_roots = ["$ROOT/extra"]\n',
  },
  "an MCP server of an untrusted project's": {
    call: WRITABLE,
    project: `[mcp_servers.planted]\ncommand = "sh"\nargs = ["-c", "echo started >> $ROOT/planted"]\n`,
    never: ["planted"],
  },
  "model and effort": { call: { model: "gpt-6.1-sol", reasoning_effort: "high" } },
  "a profile": {
    call: { profile: "work" },
    profile: `model = "gpt-6.1-sol"\nmodel_reasoning_effort = "low"\ndeveloper_instructions = "Of the profile."\n`,
  },
  "a profile below the call and a trusted project": {
    call: { ...WRITABLE, profile: "work", model: "gpt-5" },
    profile:
      'model = "gpt-6.1-sol"\nmodel_reasoning_effort = "low"\ndeveloper_instructions = "Of the profile."\n' +
      '[sandbox_workspace_write]\nnetwork_access = true\nwritable_roots = ["relative"]\n',
    project: 'developer_instructions = "Of the project."\nmodel_reasoning_effort = "high"\n',
    tables: `${TRUSTED}[sandbox_workspace_write]\nexclude_slash_tmp = true\n`,
  },
  "settings of the call": {
    call: {
      config: {
        developer_instructions: "Be brief.",
        web_search: "live",
        model_verbosity: "low",
        tool_output_token_limit: 99,
      },
      "base-instructions": "You explain.",
      "compact-prompt": "Compact.",
    },
  },
  "settings of the user's": {
    top: 'approval_policy = "on-request"\nsandbox_mode = "workspace-write"\ndeveloper_instructions = "Mine."\nweb_search = "live"\nservice_tier = "fast"\n',
    tables: '[features]\nmulti_agent = false\n[shell_environment_policy.set]\nMARK = "seen"\n',
  },
  "an image": { call: { images: ["$ROOT/dot.png"] } },
  "an output schema": {
    call: {
      output_schema: {
        type: "object",
        properties: { found: { type: "string" } },
        required: ["found"],
        additionalProperties: false,
      },
    },
  },
  "MCP servers of the user's, of a profile and of a trusted project's": {
    call: { profile: "work" },
    profile: `[mcp_servers.of_profile]\ncommand = "sh"\nargs = ["-c", "echo started >> $ROOT/of-profile"]\n`,
    project: `[mcp_servers.of_project]\ncommand = "sh"\nargs = ["-c", "echo started >> $ROOT/of-project"]\n`,
    tables: `[mcp_servers.of_user]\ncommand = "sh"\nargs = ["-c", "echo started >> $ROOT/of-user"]\n${TRUSTED}`,
    makes: ["of-profile", "of-project", "of-user"],
  },
  "a program to notify": { top: `notify = ["sh", "-c", "echo notified >> $ROOT/notified"]\n`, makes: ["notified"] },
};

let world: World;
let cwd: string;
let base: string;
const clients = new Map<(typeof ENGINES)[number], McpClient>();

beforeAll(async () => {
  world = new World();
  cwd = await world.repository();
  writeFileSync(join(cwd, "AGENTS.md"), "What agents must know.\n");
  writeFileSync(join(world.root, "dot.png"), Buffer.from(DOT, "base64"));
  await world.git(cwd, "add", ".");
  await world.git(cwd, "commit", "-qm", "Instructions");
  base = readFileSync(join(world.codexHome, "config.toml"), "utf8");
  const temporary = `/tmp/${basename(world.root)}`;
  const port = new URL(world.stub.url).port;
  const tries = [
    'echo "$MARK"',
    `touch ${world.folder("extra")}/made && echo outside`,
    `touch ${temporary} && rm ${temporary} && echo temporary`,
    `(exec 3<>/dev/tcp/127.0.0.1/${port}) && echo network`,
  ];
  world.stub.script("SAME", [{ run: `{ ${tries.join("; ")}; } 2> /dev/null; true` }, { say: '{"found":"it"}' }]);
  for (const CODEXMCP_ENGINE of ENGINES) clients.set(CODEXMCP_ENGINE, await world.client({ CODEXMCP_ENGINE }));
});
afterAll(() => world.close());

appServerTest.each(Object.entries(CASES))("with %s, both engines ask the model the same", async (_, each) => {
  await writeFiles(each);
  const asked: unknown[] = [];
  for (const [engine, client] of clients) {
    world.stub.requests.length = 0;
    const call = JSON.parse(inWorld(JSON.stringify(each.call ?? {}))) as object;
    const { data } = await client.call("codex", { prompt: "SAME", cwd, topic: "same", ...call });
    expect(data).toMatchObject({ success: true, result: '{"found":"it"}' });
    expect(engineOf(String(data["task_id"]))).toBe(engine);
    for (const name of each.makes ?? []) await world.until(() => existsSync(join(world.root, name)));
    const output = JSON.stringify(world.stub.requests.at(-1)?.input.at(-1)?.output);
    const allowed = ["outside", "temporary", "network"].filter((what) => output.includes(what));
    if (each.allows !== undefined) expect(allowed).toEqual(each.allows);
    for (const name of each.never ?? []) expect(existsSync(join(world.root, name))).toBe(false);
    const made = (each.makes ?? []).map((name) => readFileSync(join(world.root, name), "utf8"));
    for (const name of each.makes ?? []) rmSync(join(world.root, name));
    asked.push({ requests: world.stub.requests.map((request) => comparable(request)), made });
    if (typeof data["worktree_dir"] === "string") {
      await client.call("codex_discard", { task_id: data["task_id"], force: true });
    }
  }
  expect(asked[1]).toEqual(asked[0]);
});

const CHOSEN = { model: "gpt-5.5", reasoning_effort: "low" };

appServerTest.each([
  ["with other settings", {}, { ...CHOSEN, sandbox: "full-access" }],
  ["with the user's settings", { ...CHOSEN, sandbox: "full-access" }, { sandbox: "read-only" }],
  ["with a profile", {}, { profile: "work" }],
])("a session is continued %s by either engine, whichever began it", async (_, before, after) => {
  await writeFiles({ top: 'developer_instructions = "Mine."\n', profile: 'model = "gpt-5.4"\n' });
  const asked: unknown[] = [];
  for (const [first, beginner] of clients) {
    for (const [second, continuer] of clients) {
      const topic = `from-${first}-to-${second}`;
      const begun = await beginner.call("codex", { prompt: "SAME", cwd, topic, ...before });
      expect(begun.data).toMatchObject({ success: true });
      world.stub.requests.length = 0;
      const { data } = await continuer.call("codex", { prompt: "SAME again", resume: begun.data["task_id"], ...after });
      expect(data).toMatchObject({ success: true, session_id: begun.data["session_id"], usage: begun.data["usage"] });
      const text = JSON.stringify(world.stub.requests.map((request) => comparable(request)));
      asked.push(JSON.parse(text.replaceAll(/from-[a-z]+(?:-server)?-to-[a-z]+(?:-server)?/g, "topic")));
      for (const { data: made } of [begun, { data }]) {
        if (typeof made["worktree_dir"] !== "string") continue;
        await continuer.call("codex_discard", { task_id: made["task_id"], force: true });
      }
    }
  }
  for (const each of asked) expect(each).toEqual(asked[0] as never);
});

function inWorld(text: string): string {
  return text.replaceAll("$ROOT", world.root);
}

async function writeFiles({ top = "", tables = "", profile, project }: Case): Promise<void> {
  const tablesBegin = base.indexOf("[model_providers");
  const text = [base.slice(0, tablesBegin), top, base.slice(tablesBegin), tables].join("\n");
  writeFileSync(join(world.codexHome, "config.toml"), inWorld(text));
  writeFileSync(join(world.codexHome, "work.config.toml"), inWorld(profile ?? ""));
  mkdirSync(join(cwd, ".codex"), { recursive: true });
  writeFileSync(join(cwd, ".codex", "config.toml"), inWorld(project ?? ""));
  // The worktree of a writable task has what is committed.
  await world.git(cwd, "add", ".");
  await world.git(cwd, "commit", "--allow-empty", "-qm", "Settings");
}

function engineOf(taskId: string): string {
  const meta = JSON.parse(readFileSync(join(world.stateHome, "tasks", taskId, "meta.json"), "utf8")) as object;
  return "engine" in meta ? String(meta.engine) : "exec";
}

/** Returns a request without what differs from run to run: ids, times, and the names of the interfaces in the metadata. */
function comparable(request: object): unknown {
  const { client_metadata: _, ...rest } = { client_metadata: {}, ...request };
  const text = JSON.stringify(rest)
    .replaceAll(/call_\d+_\d+/g, "call")
    .replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "uuid")
    .replaceAll(/Chunk ID: \w+|Wall time: [\d.]+/g, "")
    // With its policy as a whole, Codex names the worktree's git folder, which it writes to with neither engine.
    .replaceAll(/<entry access=\\"read\\"><path>[^<]*\/\.git\/worktrees\/[^<]*<\/path><\/entry>/g, "");
  return JSON.parse(text);
}
