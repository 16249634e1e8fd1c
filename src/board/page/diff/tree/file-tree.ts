import type { ChangedPath } from "#board/api/changes.ts";

/** Row of the tree of files: a folder, whose path leads to the next one with several entries, or a file. */
export type TreeRow =
  | { kind: "folder"; path: string; name: string; depth: number; isOpen: boolean; files: number }
  | { kind: "file"; path: string; name: string; depth: number; file: ChangedPath };

interface Folder {
  folders: Map<string, Folder>;
  files: { name: string; file: ChangedPath }[];
}

/**
 * Returns the rows of the tree of files, folders first.
 * @param filter text that is in the paths of the files that are listed
 * @param closed paths of folders whose rows are not listed
 */
export function listTree(files: readonly ChangedPath[], filter: string, closed: ReadonlySet<string>): TreeRow[] {
  const wanted = filter.trim().toLowerCase();
  const root: Folder = { folders: new Map(), files: [] };
  for (const file of files) {
    if (wanted !== "" && !file.path.toLowerCase().includes(wanted)) continue;
    const parts = file.path.split("/");
    const name = parts.pop() ?? file.path;
    let folder = root;
    for (const part of parts) {
      const next = folder.folders.get(part) ?? { folders: new Map(), files: [] };
      folder.folders.set(part, next);
      folder = next;
    }
    folder.files.push({ name, file });
  }
  const rows: TreeRow[] = [];
  addRows(root, "", 0, wanted === "" ? closed : new Set(), rows);
  return rows;
}

function addRows(folder: Folder, path: string, depth: number, closed: ReadonlySet<string>, rows: TreeRow[]): void {
  for (const [first, child] of [...folder.folders].toSorted(byName)) {
    let [name, inner] = [first, child];
    while (inner.files.length === 0 && inner.folders.size === 1) {
      for (const [next, only] of inner.folders) [name, inner] = [`${name}/${next}`, only];
    }
    const full = path === "" ? name : `${path}/${name}`;
    const isOpen = !closed.has(full);
    rows.push({ kind: "folder", path: full, name, depth, isOpen, files: countFiles(inner) });
    if (isOpen) addRows(inner, full, depth + 1, closed, rows);
  }
  for (const { name, file } of folder.files.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    rows.push({ kind: "file", path: file.path, name, depth, file });
  }
}

function byName([a]: [string, Folder], [b]: [string, Folder]): number {
  return a < b ? -1 : 1;
}

/** Counts the files in a folder, without recursion: paths may be deep. */
function countFiles(folder: Folder): number {
  let count = 0;
  const rest = [folder];
  for (let each = rest.pop(); each !== undefined; each = rest.pop()) {
    count += each.files.length;
    rest.push(...each.folders.values());
  }
  return count;
}

/** Returns files in the order of their rows in the tree. */
export function inTreeOrder(files: readonly ChangedPath[]): ChangedPath[] {
  return listTree(files, "", new Set()).flatMap((row) => (row.kind === "file" ? [row.file] : []));
}
