import { type Entry, FEATURES, type Feature, fileOf, linesOf, type Tree } from "./random-edits.ts";
import type { Dice } from "./random-worktree.ts";

/** A commit that is to be made. */
interface RandomCommit {
  /** Positions of its parents in the history. */
  parents: number[];
  tree: Tree;
  /** One character a byte, like the message. */
  author: string;
  encoding: string | undefined;
  message: string;
}

/** What two sides have done since they parted. */
export interface RandomHistory {
  commits: readonly RandomCommit[];
  /** The newest commit of the user's branch. */
  target: number;
  /** The newest commit of the agent's branch. */
  source: number;
  /** The agent's work that the user's branch took over by a squash merge, and the commit that it became. */
  merged: { tip: number; commit: number } | undefined;
  /** The names of what happens in it. */
  features: ReadonlySet<string>;
}

const AUTHORS = ["Ann <ann@example.invalid>", "Zo\xc3\xab \xc3\x9c <z@example.invalid>", "Bob  B. <b o b@x>", "C. <>"];
const ZONES = ["+0000", "-0330", "+1245", "-1200", "+0530"];
const MESSAGES = [
  "Do it\n",
  "Subject\n\nBody of two\nlines.\n",
  "No newline at the end",
  "  Spaces around  \n\n\n",
  "# A heading\n\n# another\n",
  "Subject\n\n---\n\nbelow\n\nSigned-off-by: X <x@y>\n",
];

/** Makes a history of two sides. */
export class HistoryMaker {
  readonly #commits: RandomCommit[] = [];
  readonly #dice: Dice;
  readonly #features: readonly (readonly [string, Feature])[];
  readonly #seen = new Set<string>();
  readonly #hasEmpty: boolean;
  readonly #isOdd: boolean;
  /** The newest commit whose content both sides began from. */
  #parted = 0;

  /** @param features by name */
  constructor(dice: Dice, features: readonly (readonly [string, Feature])[]) {
    this.#dice = dice;
    this.#features = features;
    for (const [name] of features) this.#seen.add(name);
    this.#hasEmpty = dice.below(5) === 0;
    this.#isOdd = dice.below(4) === 0;
    if (this.#isOdd) this.#seen.add("odd authors and messages");
  }

  /** Returns a history of two branches that have parted, and may have met since. */
  twoSides(): RandomHistory {
    const root = this.#root();
    const tips = this.#grow(root, root);
    return { commits: this.#commits, ...tips, merged: undefined, features: this.#seen };
  }

  /** Returns one in which the user's branch took over the agent's work once, before both went on. */
  mergedBefore(): RandomHistory {
    const root = this.#root();
    const tip = this.#edit(this.#edit(root));
    let target = root;
    // What the user did meanwhile is elsewhere: the squash merge fitted.
    if (this.#dice.below(2) === 0) target = this.#change(root, (tree) => tree.set("users.md", fileOf(linesOf("u", 9))));
    const tree = new Map(this.#treeOf(tip));
    for (const [path, entry] of this.#treeOf(target)) if (path === "users.md") tree.set(path, entry);
    const commit = this.#add([target], tree);
    const isOver = this.#dice.below(6) === 0;
    const isTakenBack = !isOver && this.#dice.below(5) === 0;
    if (!isTakenBack) this.#parted = tip;
    const tips = isOver ? { target: this.#edit(commit), source: tip } : this.#grow(isTakenBack ? target : commit, tip);
    if (isOver) this.#seen.add("nothing new");
    if (isTakenBack) this.#seen.add("taken back");
    return { commits: this.#commits, ...tips, merged: { tip, commit }, features: this.#seen };
  }

  #grow(target: number, source: number): { target: number; source: number } {
    const main = [target];
    const agent = [source];
    const met = this.#dice.below(this.#parted === 0 ? 3 : 2) === 0;
    const twin = this.#dice.below(3) === 0 ? `twin ${this.#dice.below(1000)}` : undefined;
    const counts = { main: this.#dice.below(4), agent: 1 + this.#dice.below(4) };
    if (met) counts.agent = Math.max(counts.agent, 2);
    // Both begin with the same kind of thing: only then do they often come in each other's way.
    const [, focus] = this.#dice.of(this.#features);
    if (counts.main > 0) main.push(this.#edit(target, focus));
    agent.push(this.#edit(source, focus));
    while (main.length <= counts.main) main.push(this.#step(last(main)));
    while (agent.length <= counts.agent) {
      agent.push(this.#step(last(agent)));
      if (met && agent.length === 3) this.#meet(main, agent);
    }
    if (twin !== undefined) {
      this.#seen.add("same change on both sides");
      for (const side of [main, agent]) side.push(this.#change(last(side), (tree) => editTwin(tree, twin)));
      if (this.#dice.below(2) === 0) agent.push(this.#step(last(agent)));
    }
    return { target: last(main), source: last(agent) };
  }

  /** Lets the agent merge what the user's branch has, and sometimes the other way round at the same time. */
  #meet(main: number[], agent: number[]): void {
    const [ours, theirs] = [last(agent), this.#dice.of(main)];
    const isCrissCross = this.#dice.below(3) === 0;
    this.#seen.add(isCrissCross ? "criss-cross" : "merge of main");
    agent.push(this.#merge(ours, theirs));
    if (isCrissCross) main.push(this.#merge(last(main), ours));
    if (this.#dice.below(2) === 0) main.push(this.#step(last(main)));
  }

  #step(parent: number): number {
    if (!this.#hasEmpty || this.#dice.below(3) > 0) return this.#edit(parent);
    this.#seen.add("empty commit");
    return this.#add([parent], this.#treeOf(parent));
  }

  #root(): number {
    const tree: Tree = new Map();
    for (const path of ["src/a.txt", "src/b.txt", "src/deep/c.txt", "lib/d.txt", "lib/e.txt", "twin.c"]) {
      tree.set(path, fileOf(linesOf(path, 24)));
    }
    for (const [, { prepare }] of this.#features) prepare?.(tree, this.#dice);
    return this.#add([], tree);
  }

  /** @param first what is done in any case */
  #edit(parent: number, first?: Feature): number {
    return this.#change(parent, (tree) => {
      const word = `w${this.#commits.length}`;
      first?.edit(tree, this.#dice, `${word}x0`);
      for (let edits = 1 + this.#dice.below(first === undefined ? 3 : 2); edits > 0; edits--) {
        const [, feature] = this.#dice.of(this.#features);
        feature.edit(tree, this.#dice, `${word}x${edits}`);
      }
    });
  }

  #change(parent: number, change: (tree: Tree) => unknown): number {
    const before = this.#treeOf(parent);
    const tree = new Map(before);
    change(tree);
    const isEmpty = tree.size === before.size && [...tree].every(([path, entry]) => isSame(before.get(path), entry));
    if (isEmpty) this.#seen.add("empty commit");
    return this.#add([parent], tree);
  }

  /** Makes a merge whose conflicts somebody has resolved, by taking one of the two files. */
  #merge(ours: number, theirs: number): number {
    const base = this.#treeOf(this.#parted);
    const [left, right] = [this.#treeOf(ours), this.#treeOf(theirs)];
    const tree: Tree = new Map();
    for (const path of new Set([...left.keys(), ...right.keys()])) {
      const [before, one, other] = [base.get(path), left.get(path), right.get(path)];
      const taken = isSame(before, one) ? other : isSame(before, other) ? one : this.#dice.of([one, other]);
      if (taken !== undefined) tree.set(path, taken);
    }
    return this.#add([ours, theirs], tree);
  }

  #treeOf(commit: number): Tree {
    return this.#commits[commit]?.tree ?? new Map();
  }

  #add(parents: number[], tree: Tree): number {
    for (const path of tree.keys()) {
      if ([...tree.keys()].some((other) => other.startsWith(`${path}/`))) tree.delete(path);
    }
    const dice = this.#dice;
    const number = this.#commits.length;
    const isLatin = this.#isOdd && dice.below(4) === 0;
    if (isLatin) this.#seen.add("encoding");
    const name = isLatin ? "J\xfcrgen <j@x>" : this.#isOdd ? dice.of(AUTHORS) : "Ann <ann@example.invalid>";
    // Each commit has a time of its own, by which its copy is found again.
    const author = `${name} ${1_600_000_000 + 61 * number} ${dice.of(ZONES)}`;
    const message = isLatin ? "Gr\xfc\xdfe\n" : this.#isOdd ? dice.of(MESSAGES) : `Do ${number}\n`;
    this.#commits.push({ parents, tree, author, encoding: isLatin ? "ISO-8859-1" : undefined, message });
    return number;
  }
}

function last(commits: readonly number[]): number {
  return commits.at(-1) ?? 0;
}

function isSame(one: Entry | undefined, other: Entry | undefined): boolean {
  return one?.mode === other?.mode && one?.content === other?.content;
}

function editTwin(tree: Tree, text: string): void {
  const entry = tree.get("twin.c");
  if (entry !== undefined) tree.set("twin.c", { ...entry, content: entry.content.replace(/.* line 4\n/, `${text}\n`) });
}

/**
 * Picks what happens in a history: a few features, so that few take part where something fails.
 * MERGE_FEATURE names one that is always among them.
 */
export function pickFeatures(dice: Dice, submodule: Feature): (readonly [string, Feature])[] {
  const all: [string, Feature][] = [...Object.entries<Feature>(FEATURES), ["submodule", submodule]];
  const picked = new Map<string, Feature>(dice.below(2) === 0 ? [["text", FEATURES.text]] : []);
  const wanted = all.find(([name]) => name === process.env["MERGE_FEATURE"]);
  if (wanted !== undefined) picked.set(...wanted);
  for (let count = 1 + dice.below(2); count > 0; count--) picked.set(...dice.of(all));
  return [...picked];
}

/** Returns the history as git's fast-import takes it, with the branches `main` and `agent`. */
export function toFastImport({ commits, target, source }: RandomHistory): Buffer {
  const data = (text: string) => `data ${text.length}\n${text}\n`;
  const mark = (commit: number) => `:${commit + 1}`;
  const text = commits.map(({ parents, tree, author, encoding, message }, number) => {
    const [first, ...others] = parents.map(mark);
    const committer = `Committer <c@x> ${1_700_000_000 + number} +0000`;
    const files = [...tree].map(([path, { mode, content }]) =>
      mode === "160000" ? `M ${mode} ${content} ${quote(path)}\n` : `M ${mode} inline ${quote(path)}\n${data(content)}`,
    );
    return [
      `commit refs/heads/building\nmark ${mark(number)}\nauthor ${author}\ncommitter ${committer}\n`,
      encoding === undefined ? "" : `encoding ${encoding}\n`,
      data(message),
      first === undefined ? "" : `from ${first}\n`,
      ...others.map((other) => `merge ${other}\n`),
      "deleteall\n",
      ...files,
    ].join("");
  });
  const branches = `reset refs/heads/main\nfrom ${mark(target)}\n\nreset refs/heads/agent\nfrom ${mark(source)}\n\n`;
  const gone = `reset refs/heads/building\nfrom ${"0".repeat(40)}\n\n`;
  return Buffer.from(`${text.join("\n")}\n${branches}${gone}`, "latin1");
}

function quote(path: string): string {
  return `"${path.replaceAll(/["\\]/g, "\\$&")}"`;
}
