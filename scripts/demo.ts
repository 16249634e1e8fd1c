// Demo: hands work to the Codex CLI through MCP and shows it step by step. See --help.
import { isatty } from "node:tty";
import { parseArgs } from "node:util";
import { compose, paint } from "#cli/terminal/style.ts";
import { BINARY, World } from "../test/support/world.ts";
import { buildBinary } from "./build.ts";
import { play } from "./demo/acts.ts";
import type { Scene } from "./demo/scene.ts";
import { ACTS, makeProject, scriptModel } from "./demo/stage.ts";
import { Story } from "./demo/story.ts";

const HELP = `Usage: npm run demo -- [option …]

Runs real tasks: the real Codex CLI, git worktrees and tmux, with a scripted model. No account is needed.

  --real   uses your own Codex and account
  --keep   keeps the project, the tasks and their worktrees
  --json   prints each tool call with its answer, one JSON object on each line
  --built  uses the existing dist/codex-mcp-server instead of building it
  --help   prints this text

Exits with 1 if a step gives another result than expected.`;

/** Pauses for a reader, in milliseconds. */
const [MODEL_PAUSE_MS, ACT_PAUSE_MS] = isatty(1) ? [900, 1500] : [0, 0];

const { values: options } = parseArgs({
  options: {
    real: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    built: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (options.help) {
  console.log(HELP);
  process.exit(0);
}
process.exit(await run());

/** Runs the demo. @returns the exit code */
async function run(): Promise<number> {
  if (!options.built) {
    console.error("Building dist/codex-mcp-server …");
    await buildBinary();
  }
  const { promise: interrupted, resolve: interrupt } = Promise.withResolvers<"interrupted">();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => interrupt("interrupted"));
  const story = new Story({ isSilent: options.json });
  const world = new World({ codex: options.real ? "own" : "stub" });
  let exitCode = 0;
  try {
    const end = await Promise.race([interrupted, playIn(world, story)]);
    if (end === "interrupted") {
      story.silence();
      console.error("Interrupted: cleaning up.");
      exitCode = 130;
    } else tellWhatIsNext(story);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    exitCode = 1;
  }
  if (options.keep && exitCode !== 130) {
    await world.leave();
    tellWhatIsKept(story, world);
  } else {
    await cancelTasks(world);
    await world.close();
    if (exitCode === 0) story.tell(paint("Cleaned up: no process, tmux session or folder is left.", "dim"));
  }
  return exitCode;
}

async function playIn(world: World, story: Story): Promise<void> {
  const { promise: modules, resolve: openModules } = Promise.withResolvers<void>();
  const { promise: docs, resolve: openDocs } = Promise.withResolvers<void>();
  if (!options.real) scriptModel(world, { story, pauseMs: MODEL_PAUSE_MS, modules, docs });
  const record: Scene["record"] = (tool, args, { data }) => {
    if (options.json) console.log(JSON.stringify({ tool, arguments: args, answer: data }));
  };
  const model = options.real ? "your own model" : "a scripted model";
  story.tell(compose`The real Codex CLI with ${model}, git worktrees and tmux, called through MCP.`);
  const project = await makeProject(world);
  const rest = () => Bun.sleep(ACT_PAUSE_MS);
  await play({ world, story, project, isReal: options.real, record, openModules, openDocs, rest });
}

/** Cancels the tasks that still run: they survive us, that is what the server is for. */
async function cancelTasks(world: World): Promise<void> {
  const { tasks } = JSON.parse(await world.run(world.home, [BINARY, "tasks", "--json"])) as {
    tasks: { task_id: string; status: string }[];
  };
  const running = tasks.filter(({ status }) => status === "running" || status === "queued");
  if (running.length > 0) await world.run(world.home, [BINARY, "cancel", ...running.map(({ task_id }) => task_id)]);
}

function tellWhatIsNext(story: Story): void {
  story.heading(ACTS.next);
  const line = (command: string, what: string) =>
    story.tell(compose`  ${paint(command.padEnd(44), "bold")} ${paint(what, "dim")}`);
  line("dist/codex-mcp-server install claude-code", "adds the server to your client (or cursor, vscode, …)");
  line("dist/codex-mcp-server doctor", "checks that everything is installed and works");
  line("npm run demo -- --real", "this with your own Codex and account");
  line("npm run demo -- --keep", "this, and keeps everything to look around in");
}

function tellWhatIsKept(story: Story, world: World): void {
  story.tell(compose`\nEverything is kept in ${world.root}. To look around:`);
  story.tell(`  HOME=${world.home} ${BINARY} tasks`);
  story.tell(`  rm -rf ${world.root}    # removes it`);
}
