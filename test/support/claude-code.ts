import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MessagesStub } from "./messages-stub.ts";
import { BINARY, type World } from "./world.ts";

const KEY = "sk-ant-test-0123456789012345678901234567890";

/** The real Claude Code in a world, set up as after its first start, with this server as `codex` and a scripted model. */
export class ClaudeCode {
  readonly model = new MessagesStub();
  readonly #world: World;
  readonly #program: string;
  readonly #repository: string;
  readonly #serverConfig: string;

  /** @param repository the project that it works in */
  constructor(world: World, program: string, repository: string) {
    this.#world = world;
    this.#program = program;
    this.#repository = repository;
    this.#serverConfig = join(world.root, "mcp.json");
    writeFileSync(this.#serverConfig, JSON.stringify({ mcpServers: { codex: { command: BINARY } } }));
    mkdirSync(this.#folder, { recursive: true });
    const state = {
      hasCompletedOnboarding: true,
      theme: "dark",
      customApiKeyResponses: { approved: [KEY.slice(-20)], rejected: [] },
      projects: { [repository]: { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true } },
    };
    writeFileSync(join(this.#folder, ".claude.json"), JSON.stringify(state));
  }

  /** What it needs beside the world's environment. */
  get environment(): Record<string, string> {
    return {
      CLAUDE_CONFIG_DIR: this.#folder,
      ANTHROPIC_BASE_URL: this.model.url,
      ANTHROPIC_API_KEY: KEY,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      // The tools' definitions come with each request, so that the model can call them without a search.
      ENABLE_TOOL_SEARCH: "false",
      // It refuses some things to root otherwise.
      IS_SANDBOX: "1",
      TMPDIR: this.#world.folder("tmp"),
      CLAUDE_CODE_TMPDIR: this.#world.folder("tmp"),
    };
  }

  /** A command line for its interactive use in the project. */
  get interactive(): string[] {
    const options = `--strict-mcp-config --mcp-config ${this.#serverConfig} --allowedTools mcp__codex`;
    return ["sh", "-c", `cd ${this.#repository} && exec ${this.#program} ${options}`];
  }

  /** Answers one prompt and ends (`claude -p`). @returns its answer */
  async print(prompt: string): Promise<string> {
    const options = ["--strict-mcp-config", "--mcp-config", this.#serverConfig, "--allowedTools", "mcp__codex"];
    const run = Bun.spawn([this.#program, "-p", prompt, ...options], {
      cwd: this.#repository,
      env: this.#world.environment(this.environment),
      stdio: ["ignore", "pipe", "inherit"],
    });
    return (await run.stdout.text()).trim();
  }

  get #folder(): string {
    return join(this.#world.root, "claude");
  }
}
