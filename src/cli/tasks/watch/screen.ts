import { emitKeypressEvents } from "node:readline";
import { print, onTerminalResize, terminalSize } from "#cli/terminal/output.ts";
import { compose, control, join, type Text } from "#cli/terminal/style.ts";

/** Size of a terminal. */
export interface Size {
  width: number;
  height: number;
}

/** Full-screen view with keyboard input. The terminal's earlier contents are restored when it is closed, however this program ends. */
export class Screen {
  readonly #onKey: (name: string) => void;
  readonly #onResize: () => void;
  #isOpen = false;
  #stopListening = (): void => {};

  /** @param onKey called with a visible character, or a key's name: `up`, `pagedown`, `return`, `escape`, `ctrl-c` */
  constructor(onKey: (name: string) => void, onResize: () => void) {
    this.#onKey = onKey;
    this.#onResize = onResize;
    emitKeypressEvents(process.stdin);
    process.on("exit", () => this.close());
    for (const signal of ["SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(0));
  }

  get size(): Size {
    return terminalSize();
  }

  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    print(control("enter screen"));
    process.stdin.setRawMode(true);
    process.stdin.resume();
    process.stdin.on("keypress", this.#keypress);
    this.#stopListening = onTerminalResize(this.#onResize);
  }

  /** Restores the terminal; the screen can be opened again. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#stopListening();
    process.stdin.off("keypress", this.#keypress);
    process.stdin.setRawMode(false);
    process.stdin.pause();
    print(control("leave screen"));
  }

  /** Draws lines from the top, replacing the earlier ones. */
  draw(lines: readonly Text[]): void {
    if (!this.#isOpen) return;
    const frame = lines.map((line, index) => (index === 0 ? line : compose`${control("next line")}${line}`));
    print(compose`${control("begin frame")}${join(frame, "")}${control("end frame")}`);
  }

  readonly #keypress = (text: string | undefined, key: { name?: string; ctrl?: boolean }): void => {
    if (key.ctrl === true) this.#onKey(`ctrl-${key.name}`);
    else this.#onKey(text !== undefined && /^[\P{C}--\s]$/v.test(text) ? text : (key.name ?? ""));
  };
}
