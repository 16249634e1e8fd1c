import type { Dice } from "./random-worktree.ts";

/** One file, link or submodule. */
export interface Entry {
  mode: "100644" | "100755" | "120000" | "160000";
  /** One character a byte; of a submodule: its commit. */
  content: string;
}

/** The files of a commit by path, one character a byte. */
export type Tree = Map<string, Entry>;

/** A kind of thing that repositories hold and commits do. */
export interface Feature {
  /** Adds what commits change later. */
  prepare?: (tree: Tree, dice: Dice) => void;
  /** Changes a tree as one side's commit. @param word text that no other commit writes */
  edit: (tree: Tree, dice: Dice, word: string) => void;
}

/** The submodule's commits, of which the later ones come after the earlier, but for the last, which branches off. */
export type SubmoduleCommits = readonly string[];

const FOLDERS = ["src", "lib", "src/deep"];

/** Returns a text of numbered lines. */
export function linesOf(name: string, count: number): string {
  return Array.from({ length: count }, (_, index) => `${name} line ${index}\n`).join("");
}

/** Returns an ordinary file. */
export function fileOf(content: string): Entry {
  return { mode: "100644", content };
}

function isText({ mode, content }: Entry): boolean {
  return mode.startsWith("100") && !content.includes("\0");
}

function pathsOf(tree: Tree, dice: Dice, suits: (path: string, entry: Entry) => boolean): string | undefined {
  const paths = [...tree].filter(([path, entry]) => suits(path, entry)).map(([path]) => path);
  return paths.length === 0 ? undefined : dice.of(paths.toSorted());
}

/** Changes, inserts or deletes lines of a text. */
function editLines(tree: Tree, path: string, dice: Dice, word: string): void {
  const entry = tree.get(path);
  if (entry === undefined || !isText(entry)) return;
  const end = entry.content.includes("\r\n") ? "\r\n" : "\n";
  const lines = entry.content.split(end);
  for (let hunks = 1 + dice.below(2); hunks > 0; hunks--) {
    const at = dice.below(lines.length);
    const text = [`${word} of ${path.slice(-8)}`];
    lines.splice(at, dice.below(3), ...dice.of([text, text, [...text, `${word} more`], []]));
  }
  tree.set(path, { ...entry, content: lines.join(end) });
}

/** Inserts a line below the heading, where every other side does, too. */
function addAtTop(tree: Tree, path: string, word: string): void {
  const entry = tree.get(path);
  if (entry === undefined || !isText(entry)) return;
  const [heading = "", ...rest] = entry.content.split("\n");
  tree.set(path, { ...entry, content: [heading, `- ${word}`, ...rest].join("\n") });
}

function appendTo(tree: Tree, path: string, text: string): void {
  const entry = tree.get(path);
  if (entry !== undefined) tree.set(path, { ...entry, content: entry.content + text });
}

function move(tree: Tree, from: string, to: string): void {
  const entry = tree.get(from);
  if (entry === undefined || tree.has(to)) return;
  tree.delete(from);
  tree.set(to, entry);
}

/** Returns a feature of one file whose attributes say how it is merged. */
function withAttributes(path: string, content: string, attributes: string, edit: Feature["edit"], at = ""): Feature {
  return {
    prepare: (tree) => {
      tree.set(path, fileOf(content));
      const before = tree.get(`${at}.gitattributes`)?.content ?? "";
      tree.set(`${at}.gitattributes`, fileOf(`${before}${attributes}\n`));
    },
    edit,
  };
}

const editFile = (path: string) => (tree: Tree, dice: Dice, word: string) => editLines(tree, path, dice, word);

/** Features that need nothing but a tree; `submodule` comes with {@link submoduleFeature}. */
export const FEATURES = {
  text: {
    edit: (tree, dice, word) => {
      const path = pathsOf(tree, dice, (name, entry) => isText(entry) && name.endsWith(".txt"));
      if (path !== undefined) editLines(tree, path, dice, word);
    },
  },
  rename: {
    edit: (tree, dice, word) => {
      const path = pathsOf(tree, dice, (name) => name.endsWith(".txt"));
      if (path === undefined) return;
      const to = `${dice.of(FOLDERS)}/${dice.of(["renamed", "other", word])}.txt`;
      move(tree, path, to);
      if (dice.below(2) === 0) editLines(tree, to, dice, word);
    },
  },
  "directory rename": {
    edit: (tree, dice, word) => {
      const folder = dice.of(FOLDERS);
      if (dice.below(2) === 0) return void tree.set(`${folder}/added-${word}.txt`, fileOf(linesOf(word, 6)));
      const to = dice.of(["moved", "elsewhere/far", `${folder}-2`]);
      for (const path of tree.keys()) {
        if (path.startsWith(`${folder}/`)) move(tree, path, `${to}${path.slice(folder.length)}`);
      }
    },
  },
  deletion: {
    edit: (tree, dice) => {
      const path = pathsOf(tree, dice, (name) => name.endsWith(".txt"));
      if (path !== undefined) tree.delete(path);
    },
  },
  mode: {
    prepare: (tree) => tree.set("run.sh", { mode: "100755", content: linesOf("run", 8) }),
    edit: (tree, dice, word) => {
      const path = pathsOf(tree, dice, (_, { mode }) => mode.startsWith("100"));
      const entry = path === undefined ? undefined : tree.get(path);
      if (path === undefined || entry === undefined) return;
      tree.set(path, { ...entry, mode: entry.mode === "100755" ? "100644" : "100755" });
      if (dice.below(3) === 0) editLines(tree, "run.sh", dice, word);
    },
  },
  symlink: {
    prepare: (tree) => tree.set("link", { mode: "120000", content: "src/a.txt" }),
    edit: (tree, dice, word) => {
      const path = dice.of(["link", "link", "src/a.txt", `link-${word}`]);
      const target = dice.of(["src/b.txt", "nowhere", word]);
      tree.set(path, dice.below(4) === 0 ? fileOf(`${word}\n`) : { mode: "120000", content: target });
    },
  },
  binary: {
    prepare: (tree) => tree.set("picture.bin", fileOf(`\0\x01\xff${linesOf("picture", 9)}`)),
    edit: (tree, _, word) => appendTo(tree, "picture.bin", `\0${word}`),
  },
  "file or folder": {
    prepare: (tree) => tree.set("thing", fileOf(linesOf("thing", 5))),
    edit: (tree, dice, word) => {
      const isFile = tree.has("thing");
      if (isFile && dice.below(2) === 0) return editLines(tree, "thing", dice, word);
      for (const path of tree.keys()) if (/^thing(?:\/|$)/.test(path)) tree.delete(path);
      if (isFile) tree.set(dice.of(["thing/inside", "thing/in/side"]), fileOf(`${word}\n`));
      else tree.set("thing", fileOf(`${word}\n`));
    },
  },
  empty: {
    prepare: (tree) => tree.set("empty.txt", fileOf("")).set("lib/full.txt", fileOf("full\n")),
    edit: (tree, dice, word) => {
      const path = dice.of(["empty.txt", "lib/full.txt", "lib/new-empty.txt"]);
      tree.set(path, fileOf(dice.of(["", "", `${word}\n`, word])));
    },
  },
  "added twice": {
    edit: (tree, dice, word) => {
      const path = dice.of(["new.txt", "src/new.txt", 'a folder/ümläut "new".txt']);
      const bytes = Buffer.from(path).toString("latin1");
      tree.set(bytes, fileOf(`${linesOf("new", 4)}${dice.of(["", word])}`));
    },
  },
  crlf: {
    prepare: (tree) => tree.set("windows.txt", fileOf(linesOf("windows", 20).replaceAll("\n", "\r\n"))),
    edit: (tree, dice, word) => {
      if (dice.below(3) > 0) return editLines(tree, "windows.txt", dice, word);
      const entry = tree.get("windows.txt");
      if (entry !== undefined) tree.set("windows.txt", { ...entry, content: entry.content.replaceAll("\r\n", "\n") });
    },
  },
  union: withAttributes("CHANGELOG.md", "# Changes\n- first\n", "CHANGELOG.md merge=union", (tree, _, word) =>
    addAtTop(tree, "CHANGELOG.md", word),
  ),
  "nested union": withAttributes(
    "lib/NEWS",
    "News\n- first\n",
    "NEWS merge=union",
    (tree, _, word) => addAtTop(tree, "lib/NEWS", word),
    "lib/",
  ),
  "attributes that change": {
    prepare: (tree) => tree.set("HISTORY", fileOf("History\n- first\n")),
    edit: (tree, dice, word) => {
      const rules = tree.get(".gitattributes")?.content ?? "";
      const rule = "HISTORY merge=union\n";
      if (dice.below(3) > 0) return addAtTop(tree, "HISTORY", word);
      tree.set(".gitattributes", fileOf(rules.includes(rule) ? rules.replace(rule, "") : rules + rule));
    },
  },
  "attributes outside": {
    prepare: (tree) => tree.set("LOG", fileOf("Log\n- first\n")),
    edit: (tree, _, word) => addAtTop(tree, "LOG", word),
  },
  driver: withAttributes("versions.drv", "a=1\nb=1\n", "*.drv merge=sorted", (tree, dice, word) =>
    appendTo(tree, "versions.drv", dice.below(6) === 0 ? `CLASH ${word}\n` : `${word}=1\n`),
  ),
  "no merge": withAttributes("deps.lock", linesOf("lock", 20), "*.lock -merge", editFile("deps.lock")),
  "binary attribute": withAttributes("table.dat", linesOf("table", 20), "*.dat binary", editFile("table.dat")),
  eol: withAttributes("notes.win", linesOf("notes", 12), "*.win text eol=crlf", editFile("notes.win")),
  "marker size": withAttributes(
    "story.rst",
    linesOf("story", 6),
    "*.rst conflict-marker-size=20",
    editFile("story.rst"),
  ),
  renormalize: {
    prepare: (tree) => tree.set("mixed.c", fileOf(linesOf("mixed", 12).replaceAll("\n", "\r\n"))),
    edit: (tree, dice, word) => {
      const entry = tree.get("mixed.c");
      if (entry === undefined || dice.below(3) > 0) return editLines(tree, "mixed.c", dice, word);
      // Normalized, and said to be so in the same commit, as git's manual advises.
      tree.set("mixed.c", { ...entry, content: entry.content.replaceAll("\r\n", "\n") });
      const rules = tree.get(".gitattributes")?.content ?? "";
      if (!rules.includes("mixed.c")) tree.set(".gitattributes", fileOf(`${rules}mixed.c text\n`));
    },
  },
} satisfies Record<string, Feature>;

/** Returns the feature of a submodule at `sub` that either side moves. */
export function submoduleFeature(commits: SubmoduleCommits, url: string): Feature {
  return {
    prepare: (tree) => {
      tree.set(".gitmodules", fileOf(`[submodule "sub"]\n\tpath = sub\n\turl = ${url}\n`));
      tree.set("sub", { mode: "160000", content: commits[0] ?? "" });
    },
    edit: (tree, dice) => void tree.set("sub", { mode: "160000", content: dice.of(commits) }),
  };
}
