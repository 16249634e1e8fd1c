import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/**
 * Everything that a folder holds, by path: kind, owner, permissions, size, times of change, and content. Whatever is done to
 * a file shows here: nothing sets the time of its last change back.
 * @param isLeftOut by path; folders are then not entered
 */
export function portrait(folder: string, isLeftOut: (path: string) => boolean = () => false): Record<string, string> {
  const found: Record<string, string> = {};
  const look = (path: string) => {
    if (isLeftOut(path)) return;
    const { mode, uid, gid, size, mtimeMs, ctimeMs, nlink } = lstatSync(path);
    const kind = mode & 0o170000;
    // A folder's size is the file system's affair.
    const facts = [mode.toString(8), uid, gid, kind === 0o040000 ? "" : size, mtimeMs, ctimeMs, nlink];
    found[path] = [...facts, contentOf(path, kind)].join(" ");
    if (kind === 0o040000) for (const name of readdirSync(path)) look(join(path, name));
  };
  look(folder);
  return found;
}

function contentOf(path: string, kind: number): string {
  if (kind === 0o120000) return readlinkSync(path);
  return kind === 0o100000 ? Bun.hash(readFileSync(path)).toString(36) : "";
}
