import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { FolderWatch } from "#platform/files/watch-folder.ts";
import { watchFolder } from "#platform/files/watch-folder.ts";

/** Time after a file event at which refs are compared, in milliseconds: git renames several files in a row. */
const SETTLE_MS = 100;

/** Interval at which refs are compared without file events, which can be lost, in milliseconds. */
const POLL_MS = 20_000;

/** Largest number of branches of a repository that are watched. */
const MAX_BRANCHES = 200;

/** Watch of some branches and the HEAD of a repository. */
export class RefWatch {
  readonly #files: readonly string[];
  readonly #onMove: () => void;
  readonly #watches: FolderWatch[];
  #known: string | undefined;
  #timer: Timer | undefined;
  #isClosed = false;

  /** @param repository the repository's common git folder @param onMove called when a branch or the HEAD may have moved */
  constructor(repository: string, branches: readonly string[], onMove: () => void) {
    const refs = branches.slice(0, MAX_BRANCHES).map((branch) => join(repository, "refs", "heads", branch));
    this.#files = [...["HEAD", "packed-refs", "reftable/tables.list"].map((name) => join(repository, name)), ...refs];
    this.#onMove = onMove;
    const folders = new Set([repository, join(repository, "refs", "heads"), ...refs.map(dirname)]);
    const names = new Set(this.#files.map((file) => file.slice(dirname(file).length + 1)));
    const isOfInterest = (name: string) => names.has(name.replace(/\.lock$/, ""));
    this.#watches = [...folders].map((folder) => watchFolder(folder, isOfInterest, () => this.#settle(), POLL_MS));
    this.#settle();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const watch of this.#watches) watch.close();
  }

  #settle(): void {
    this.#timer ??= setTimeout(() => {
      void this.#compare();
    }, SETTLE_MS);
  }

  async #compare(): Promise<void> {
    const stats = this.#files.map(async (file) =>
      stat(file).then(
        ({ mtimeMs, size, ino }) => `${mtimeMs} ${size} ${ino}`,
        () => "",
      ),
    );
    const now = (await Promise.all(stats)).join("|");
    this.#timer = undefined;
    if (this.#isClosed || now === this.#known) return;
    const isFirst = this.#known === undefined;
    this.#known = now;
    if (!isFirst) this.#onMove();
  }
}
