import { emitKeypressEvents } from "node:readline";
import { print } from "../output.ts";

/** What of a terminal can be drawn on. */
export interface Size {
  width: number;
  height: number;
}

const ENTER = "\u001B[?1049h\u001B[?25l"; // another page, without the cursor
const LEAVE = "\u001B[?25h\u001B[?1049l";
const TOP = "\u001B[H";
const TO_LINE_END = "\u001B[K";
const TO_SCREEN_END = "\u001B[J";
// What a terminal gets between these it shows at once (where it knows them).
const BEGIN = "\u001B[?2026h";
const END = "\u001B[?2026l";

/** The whole terminal, and its keys. What stood on it before comes back when it is closed, however this program ends. */
export class Screen {
  readonly #onKey: (name: string) => void;
  readonly #onResize: () => void;
  #isOpen = false;

  /** @param onKey is given a character, or a key's name: `up`, `pagedown`, `return`, `escape`, `ctrl-c` */
  constructor(onKey: (name: string) => void, onResize: () => void) {
    this.#onKey = onKey;
    this.#onResize = onResize;
    emitKeypressEvents(process.stdin);
    process.on("exit", () => this.close());
    for (const signal of ["SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(0));
  }

  get size(): Size {
    return { width: process.stdout.columns || 80, height: process.stdout.rows || 24 };
  }

  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    print(ENTER);
    process.stdin.setRawMode(true);
    process.stdin.resume();
    process.stdin.on("keypress", this.#keypress);
    process.stdout.on("resize", this.#onResize);
  }

  /** Gives the terminal back; it can be opened again. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    process.stdout.off("resize", this.#onResize);
    process.stdin.off("keypress", this.#keypress);
    process.stdin.setRawMode(false);
    process.stdin.pause();
    print(LEAVE);
  }

  /** Shows lines from the top, instead of what was there. */
  draw(lines: readonly string[]): void {
    if (!this.#isOpen) return;
    const text = lines.map((line) => line + TO_LINE_END).join("\r\n");
    print(BEGIN + TOP + text + TO_SCREEN_END + END);
  }

  readonly #keypress = (text: string | undefined, key: { name?: string; ctrl?: boolean }): void => {
    if (key.ctrl === true) this.#onKey(`ctrl-${key.name}`);
    else this.#onKey(text !== undefined && /^[!-~]$/.test(text) ? text : (key.name ?? ""));
  };
}
