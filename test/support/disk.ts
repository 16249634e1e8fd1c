import { mkdtempSync, rmSync } from "node:fs";

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
