import { isAbsolute, normalize, join } from "node:path";
import type { Value } from "./value.ts";

/** What a script is judged in. */
export interface Surroundings {
  /** Where the command starts. */
  folder: string;
  /** The run's own folder for temporary files: writing there is no violation. */
  temporary: string;
}

/** Devices that keep nothing. */
const HARMLESS_DEVICE = /^\/dev\/(?:null|zero|full|tty|stdin|stdout|stderr|fd\/\d+)$/;

/** What a script has set so far. Subshells get a copy. */
export class Scope {
  readonly surroundings: Surroundings;
  readonly functions: Set<string>;
  readonly #variables: Map<string, string | undefined>;
  /** Undefined where nobody knows. */
  #folder: string | undefined;

  constructor(surroundings: Surroundings, from?: Scope) {
    this.surroundings = surroundings;
    this.functions = new Set(from?.functions);
    this.#folder = from === undefined ? surroundings.folder : from.#folder;
    const { temporary } = surroundings;
    const atStart: [string, string][] = [
      ["TMPDIR", temporary],
      ["TMP", temporary],
      ["TEMP", temporary],
      ["PWD", surroundings.folder],
    ];
    this.#variables = new Map(from === undefined ? atStart : from.#variables);
  }

  copy(): Scope {
    return new Scope(this.surroundings, this);
  }

  /** Notes a variable's value. Of one that is set twice, nobody knows which value it has where it is used. */
  assign(name: string, value: Value): void {
    const isAmbiguous = this.#variables.has(name) && this.#variables.get(name) !== value.text;
    this.#variables.set(name, value.isKnown && !isAmbiguous ? value.text : undefined);
  }

  valueOf(name: string): string | undefined {
    return this.#variables.get(name);
  }

  changeFolder(to: Value | undefined): void {
    this.#folder = to === undefined ? undefined : this.resolve(to);
  }

  /** The absolute path that a word names, where that is known. */
  resolve({ text, isKnown }: Value): string | undefined {
    if (!isKnown) return undefined;
    if (isAbsolute(text)) return normalize(text);
    return this.#folder === undefined || text.startsWith("~") ? undefined : join(this.#folder, text);
  }

  /** Whether writing there is no violation: a device that keeps nothing, or the run's own temporary folder. */
  isHarmless(target: Value): boolean {
    const path = this.resolve(target);
    if (path === undefined) return false;
    return HARMLESS_DEVICE.test(path) || path.startsWith(`${this.surroundings.temporary}/`);
  }
}
