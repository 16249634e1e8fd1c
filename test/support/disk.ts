import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Mounts a disk of this size (as mount(8) takes it: `1m`) on a folder; false where that cannot be done here. */
export function mountDisk(folder: string, size: string): boolean {
  return Bun.spawnSync(["mount", "-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder]).exitCode === 0;
}

/** Makes a mounted disk read-only (`ro`) or writable again (`rw`); false while somebody holds it. */
export function remountDisk(folder: string, how: "ro" | "rw"): boolean {
  return Bun.spawnSync(["mount", "-o", `remount,${how}`, folder]).exitCode === 0;
}

/** Takes a disk off again. */
export function unmountDisk(folder: string): void {
  Bun.spawnSync(["umount", "-l", folder]);
}

/** Whether disks can be mounted here: by root, on Linux. */
export function canMountDisks(): boolean {
  const folder = mkdtempSync("/var/tmp/codexmcp-mount-");
  const isMounted = mountDisk(folder, "1m");
  if (isMounted) unmountDisk(folder);
  rmSync(folder, { recursive: true });
  return isMounted;
}

/** A disk that does not tell names apart by the case of their letters. */
export interface FoldingDisk {
  folder: string;
  remove(): void;
}

/** Mounts such a disk, of whichever kind the kernel has; undefined where it has none, or nothing can be mounted. */
export function mountFoldingDisk(): FoldingDisk | undefined {
  const top = mkdtempSync("/var/tmp/codexmcp-folding-");
  const [image, mount] = [join(top, "image"), join(top, "disk")];
  mkdirSync(mount);
  const remove = () => {
    unmountDisk(mount);
    rmSync(top, { recursive: true, force: true });
  };
  const run = (...command: string[]) => Bun.spawnSync(command).exitCode === 0;
  const make = (program: string, ...args: string[]) =>
    Bun.which(program) !== null && run("truncate", "-s", "64M", image) && run(program, ...args, image);
  const kinds = [
    () => run("mount", "-t", "tmpfs", "-o", "casefold", "tmpfs", mount),
    () => make("mkfs.ext4", "-q", "-F", "-O", "casefold") && run("mount", "-o", "loop", image, mount),
    () => make("mkntfs", "-q", "-F") && run("lowntfs-3g", "-o", "ignore_case", image, mount),
    () => make("mkfs.vfat") && run("mount", "-o", "loop", image, mount),
  ];
  for (const mountIt of kinds) {
    if (!mountIt()) continue;
    const folder = join(mount, "folding");
    mkdirSync(folder);
    run("chattr", "+F", folder);
    writeFileSync(join(folder, "letters"), "");
    if (existsSync(join(folder, "LETTERS"))) return { folder, remove };
    unmountDisk(mount);
  }
  remove();
  return undefined;
}
