import { $ } from "bun";
import { afterEach } from "bun:test";
import type { World } from "./world.ts";

/** A program in a real terminal: a tmux server of its own, whose screen is read and whose keys are pressed. */
export class Terminal {
  readonly #world: World;
  readonly #socket: string;

  private constructor(world: World, name: string) {
    this.#world = world;
    this.#socket = `${world.root}/${name}.sock`;
  }

  /** Starts a program in a terminal of this size; the terminal stays when the program has ended. */
  static async start(
    world: World,
    command: readonly string[],
    size: { width: number; height: number },
    more: Record<string, string> = {},
  ): Promise<Terminal> {
    const terminal = new Terminal(world, `terminal-${crypto.randomUUID().slice(0, 8)}`);
    const variables = Object.entries(world.environment(more)).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
    const dimensions = ["-x", String(size.width), "-y", String(size.height)];
    await terminal.#tmux(
      "-f",
      "/dev/null",
      "new-session",
      "-d",
      "-s",
      "t",
      ...dimensions,
      ...variables,
      "--",
      "/bin/sh",
    );
    await terminal.#tmux("set-option", "-g", "status", "off");
    await terminal.#tmux("resize-window", "-t", "t", ...dimensions);
    await terminal.type(`clear; ${command.map((word) => `'${word}'`).join(" ")}; echo "[exit $?]"`);
    await terminal.press("Enter");
    return terminal;
  }

  /** Types a text as it is. */
  async type(text: string): Promise<void> {
    await this.#tmux("send-keys", "-t", "t", "-l", "--", text);
  }

  /** Presses keys by tmux's names for them: `Down`, `Enter`, `C-c`, `q`. */
  async press(...keys: string[]): Promise<void> {
    await this.#tmux("send-keys", "-t", "t", ...keys);
  }

  /** Makes the terminal larger or smaller. */
  async resize(size: { width: number; height: number }): Promise<void> {
    await this.#tmux("resize-window", "-t", "t", "-x", String(size.width), "-y", String(size.height));
  }

  /** What is on the screen, line by line; with `-e` in `more`, with its colours. */
  async screen(...more: string[]): Promise<string[]> {
    const text = await this.#tmux("capture-pane", "-p", ...more, "-t", "t");
    return text.replace(/\n$/, "").split("\n");
  }

  /** Waits until the screen shows a text. @returns its lines */
  async shows(text: string | RegExp): Promise<string[]> {
    const deadline = performance.now() + 20_000;
    for (;;) {
      const screen = await this.screen();
      const all = screen.join("\n");
      if (typeof text === "string" ? all.includes(text) : text.test(all)) return screen;
      if (performance.now() > deadline) throw new Error(`the terminal did not show ${text}:\n${all}`);
      await Bun.sleep(20);
    }
  }

  async close(): Promise<void> {
    await this.#tmux("kill-server");
  }

  async #tmux(...args: string[]): Promise<string> {
    return $`tmux -S ${this.#socket} ${args}`.env(this.#world.environment()).quiet().nothrow().text();
  }
}

/** Returns a function that starts terminals for the tests of a file, which are closed after each of them. */
export function closingTerminals(): typeof Terminal.start {
  const terminals: Terminal[] = [];
  afterEach(async () => {
    for (const terminal of terminals.splice(0)) await terminal.close();
  });
  return async (...how) => {
    const terminal = await Terminal.start(...how);
    terminals.push(terminal);
    return terminal;
  };
}
