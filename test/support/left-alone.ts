import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";

/**
 * Everything that a folder holds, by path: kind, owner, permissions, size, times of change, and content. Whatever is done to
 * a file shows here: nothing sets the time of its last change back.
 * @param isLeftOut by path; folders are then not entered
 */
export function portrait(folder: string, isLeftOut: (path: string) => boolean = () => false): Record<string, string> {
  const found: Record<string, string> = {};
  const look = (bytes: Buffer) => {
    // Names need not be UTF-8.
    const path = bytes.toString("latin1") === bytes.toString() ? bytes.toString() : bytes.toString("latin1");
    if (isLeftOut(path)) return;
    const { mode, uid, gid, size, mtimeMs, ctimeMs, nlink } = lstatSync(bytes);
    const kind = mode & 0o170000;
    // A folder's size is the file system's affair.
    const facts = [mode.toString(8), uid, gid, kind === 0o040000 ? "" : size, mtimeMs, ctimeMs, nlink];
    found[path] = [...facts, contentOf(bytes, kind)].join(" ");
    if (kind !== 0o040000) return;
    for (const name of readdirSync(bytes, { encoding: "buffer" })) {
      look(Buffer.concat([bytes, Buffer.from("/"), name]));
    }
  };
  look(Buffer.from(folder));
  return found;
}

function contentOf(path: Buffer, kind: number): string {
  if (kind === 0o120000) return readlinkSync(path);
  return kind === 0o100000 ? Bun.hash(readFileSync(path)).toString(36) : "";
}
