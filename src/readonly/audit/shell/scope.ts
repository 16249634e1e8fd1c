import { isAbsolute, join, normalize } from "node:path";
import type { SyntaxNode } from "unbash";
import { UNKNOWN_VALUE, type Value } from "#readonly/audit/value.ts";
import type { Meter } from "./meter.ts";

/** Folders that a script is judged with. */
export interface JudgedFolders {
  /** Folder that the command starts in. */
  folder: string;
  /** The run's own folder for temporary files: writing there is not a violation. */
  temporary: string;
}

/** State of a scope at the start of a part of the script that may not run. */
export interface Branch {
  names: ReadonlySet<string>;
  folders: readonly string[] | undefined;
}

/** Devices that store nothing. */
const HARMLESS_DEVICE = /^\/dev\/(?:null|zero|full|tty|stdin|stdout|stderr|fd\/\d+)$/;
/** Variables that a shell inherits from the run. */
const INHERITED: ReadonlySet<string> = new Set(["TMPDIR", "TMP", "TEMP", "PWD"]);
/** Maximum length of a value that is followed, in characters. */
const MAX_VALUE_LENGTH = 4096;
/** Maximum number of folders that a script may be in. */
const MAX_FOLDERS = 4;

/** Folder, variables, functions and aliases that a script has set so far. Subshells get a copy. */
export class Scope {
  readonly surroundings: JudgedFolders;
  /** Bodies of the functions; undefined if a function may have been unset. */
  readonly functions: Map<string, SyntaxNode | undefined>;
  readonly aliases: Map<string, Value>;
  /** Arguments of the function that runs; undefined if they are not known. */
  parameters: readonly Value[] | undefined;
  /** Variables of the function that runs, which are gone after it. */
  locals: Set<string> | undefined;
  /** Set if words are no longer split at blanks only. */
  splitsOtherwise = false;
  /** Set if a variable holds text that an arithmetic expression would run. */
  holdsCode = false;
  /** Number of changes so far. */
  changes = 0;
  readonly #variables: Map<string, Value>;
  /** Folders that the script may be in, the likeliest first; undefined if they are not known. */
  #folders: readonly string[] | undefined;

  readonly #meter: Meter;

  constructor(surroundings: JudgedFolders, meter: Meter, from?: Scope) {
    this.surroundings = surroundings;
    this.#meter = meter;
    this.functions = new Map(from?.functions);
    this.aliases = new Map(from?.aliases);
    this.parameters = from?.parameters;
    this.locals = from?.locals;
    this.splitsOtherwise = from?.splitsOtherwise ?? false;
    this.holdsCode = from?.holdsCode ?? false;
    this.#folders = from === undefined ? [surroundings.folder] : from.#folders;
    const { temporary, folder } = surroundings;
    const atStart = Object.entries({ TMPDIR: temporary, TMP: temporary, TEMP: temporary, PWD: folder });
    this.#variables =
      from === undefined
        ? new Map(atStart.map(([name, text]) => [name, { text, isKnown: true }]))
        : new Map(from.#variables);
  }

  copy(): Scope {
    this.#count();
    return new Scope(this.surroundings, this.#meter, this);
  }

  /** Returns the scope of a shell that is started here, of whose variables only those that it inherits for certain are known. */
  copyForShell(): Scope {
    const copy = this.copy();
    for (const name of copy.#variables.keys()) if (!INHERITED.has(name)) copy.#variables.set(name, UNKNOWN_VALUE);
    copy.parameters = undefined;
    copy.splitsOtherwise = false;
    return copy;
  }

  /** Counts a look at all that the scope holds. */
  #count(): void {
    this.#meter.step(1 + (this.#variables.size + this.functions.size + this.aliases.size) / 16);
  }

  /** Records a variable's value. If it is set twice to different values, its value is no longer known. */
  assign(name: string, value: Value): void {
    if (name === "IFS") this.splitsOtherwise = true;
    if (value.isKnown && value.text.includes("[") && /`|\$\(/.test(value.text)) this.holdsCode = true;
    const before = this.#variables.get(name);
    const isLong = value.text.length > MAX_VALUE_LENGTH;
    const isAmbiguous = before !== undefined && !(before.isKnown && value.isKnown && before.text === value.text);
    const isOperand = value.isOperand === true && (before === undefined || before.isOperand === true);
    const unknown: Value = isOperand ? { ...UNKNOWN_VALUE, isOperand } : UNKNOWN_VALUE;
    const after = value.isKnown && !isLong && !isAmbiguous ? value : unknown;
    if (before?.isKnown === after.isKnown && before.text === after.text && before.isOperand === after.isOperand) return;
    this.#variables.set(name, after);
    this.changes++;
  }

  /** Forgets all values. */
  forgetValues(): void {
    for (const name of this.#variables.keys()) this.#variables.set(name, UNKNOWN_VALUE);
  }

  valueOf(name: string): Value {
    return this.#variables.get(name) ?? UNKNOWN_VALUE;
  }

  /** Returns the state that {@link endBranch} compares with. */
  startBranch(): Branch {
    this.#count();
    return { names: new Set(this.#variables.keys()), folders: this.#folders };
  }

  /** Ends a part of the script that may not have run: what it has set first is no longer known. */
  endBranch({ names, folders }: Branch): void {
    for (const name of this.#variables.keys()) if (!names.has(name)) this.#variables.set(name, UNKNOWN_VALUE);
    this.#addFolders(folders);
  }

  /** Merges the changes of a pipeline's last command, which some shells run in the shell itself. */
  mergeMaybe(other: Scope): void {
    for (const [name, value] of other.#variables) {
      if (this.#variables.get(name) !== value) this.assign(name, UNKNOWN_VALUE);
    }
    this.#addFolders(other.#folders);
    this.splitsOtherwise ||= other.splitsOtherwise;
    this.holdsCode ||= other.holdsCode;
  }

  /** Changes the folder. @param isChecked whether what follows only runs if that succeeds */
  changeFolder(to: Value | undefined, isChecked: boolean): void {
    const before = this.#folders;
    const folder = to === undefined || to.text === "-" || to.text === "" ? undefined : this.resolve(to)[0];
    this.#folders = folder === undefined ? undefined : [folder];
    const { temporary } = this.surroundings;
    const isThere = folder === temporary || folder?.startsWith(`${temporary}/mktemp`) === true;
    if (!isChecked && !isThere) this.#addFolders(before);
    this.#setFolderVariables();
    if (before?.join("\0") !== this.#folders?.join("\0")) this.changes++;
  }

  #setFolderVariables(): void {
    const [folder, ...others] = this.#folders ?? [];
    const isCertain = folder !== undefined && others.length === 0;
    this.#variables.set("PWD", isCertain ? { text: folder, isKnown: true } : UNKNOWN_VALUE);
    this.#variables.set("OLDPWD", UNKNOWN_VALUE);
  }

  #addFolders(folders: readonly string[] | undefined): void {
    const all = this.#folders === undefined || folders === undefined ? undefined : [...this.#folders, ...folders];
    const different = all === undefined ? undefined : [...new Set(all)];
    this.#folders = different !== undefined && different.length <= MAX_FOLDERS ? different : undefined;
    if (this.#folders?.length !== 1) this.#setFolderVariables();
  }

  /** Returns the absolute paths that a word may name, the likeliest first; none if they are not known. */
  resolve({ text, isKnown }: Value): string[] {
    if (!isKnown || text.startsWith("~")) return [];
    if (isAbsolute(text)) return [normalize(text)];
    return (this.#folders ?? []).map((folder) => join(folder, text));
  }

  /** Returns the paths among those of {@link resolve} where writing is a violation; undefined if there are none. */
  harmfulPaths(target: Value): string[] | undefined {
    const paths = this.resolve(target);
    const harmful = paths.filter((path) => !HARMLESS_DEVICE.test(path) && !this.isTemporary(path));
    return paths.length > 0 && harmful.length === 0 ? undefined : harmful;
  }

  isTemporary(path: string): boolean {
    return path.startsWith(`${this.surroundings.temporary}/`);
  }
}
