import { isAbsolute, normalize, join } from "node:path";
import type { Value } from "./value.ts";

/** Folders that a script is judged with. */
export interface JudgedFolders {
  /** Folder that the command starts in. */
  folder: string;
  /** The run's own folder for temporary files: writing there is not a violation. */
  temporary: string;
}

/** Devices that store nothing. */
const HARMLESS_DEVICE = /^\/dev\/(?:null|zero|full|tty|stdin|stdout|stderr|fd\/\d+)$/;

/** Variables that a shell inherits from the run. */
const INHERITED: ReadonlySet<string> = new Set(["TMPDIR", "TMP", "TEMP", "PWD"]);

/** Folder and variables that a script has set so far. Subshells get a copy. */
export class Scope {
  readonly surroundings: JudgedFolders;
  readonly functions: Set<string>;
  readonly #variables: Map<string, string | undefined>;
  /** Current folder; undefined if it is not known. */
  #folder: string | undefined;

  constructor(surroundings: JudgedFolders, from?: Scope) {
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

  /** Records a variable's value. If it is set twice to different values, its value is no longer known. */
  assign(name: string, value: Value): void {
    const isAmbiguous = this.#variables.has(name) && this.#variables.get(name) !== value.text;
    this.#variables.set(name, value.isKnown && !isAmbiguous ? value.text : undefined);
  }

  /** Records that variables have other values than before, which are not known; without names, all of them and the folder. */
  forget(names?: readonly string[]): void {
    for (const name of names ?? this.#variables.keys()) this.#variables.set(name, undefined);
    if (names === undefined) this.#folder = undefined;
  }

  /** Forgets what has changed since a copy was made, because it is not known whether the commands in between were run. */
  forgetChanges(since: Scope): void {
    const changed = [...this.#variables].filter(([name, text]) => text !== since.#variables.get(name));
    this.forget(changed.map(([name]) => name));
    if (this.#folder !== since.#folder) this.#folder = undefined;
  }

  /** Returns the scope of a shell that is started here: only variables that it inherits for certain are known. */
  copyForShell(): Scope {
    const copy = this.copy();
    copy.forget([...this.#variables.keys()].filter((name) => !INHERITED.has(name)));
    return copy;
  }

  isAssigned(name: string): boolean {
    return this.#variables.has(name);
  }

  valueOf(name: string): string | undefined {
    return this.#variables.get(name);
  }

  changeFolder(to: Value | undefined): void {
    this.#folder = to === undefined ? undefined : this.resolve(to);
    this.#variables.set("PWD", this.#folder);
    this.#variables.set("OLDPWD", undefined);
  }

  /** Returns the absolute path that a word names; undefined if it is not known. */
  resolve({ text, isKnown }: Value): string | undefined {
    if (!isKnown) return undefined;
    if (isAbsolute(text)) return normalize(text);
    return this.#folder === undefined || text.startsWith("~") ? undefined : join(this.#folder, text);
  }

  /** Returns whether writing to a target is no violation: a device that stores nothing, or the run's own temporary folder. */
  isHarmless(target: Value): boolean {
    const path = this.resolve(target);
    if (path === undefined) return false;
    return HARMLESS_DEVICE.test(path) || path.startsWith(`${this.surroundings.temporary}/`);
  }
}
