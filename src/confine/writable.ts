import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { realPath } from "#lib/paths.ts";

/** Folders of a run that only reads. */
export interface RunFolders {
  codexHome: string;
  /** For temporary files of this run alone. */
  temporary: string;
}

/** What such a run can write to all the same: Codex's own folder, temporary files, devices that are no disks. */
export function writablePaths({ codexHome, temporary }: RunFolders): string[] {
  return [codexHome, temporary, ...devices()];
}

/** The folders among them that are not of this run alone: what is written there lasts. */
export function unprotectedFolders({ codexHome }: RunFolders): string[] {
  return [realPath(codexHome), "/dev"];
}

/** A root user could write to the disk itself by its device. */
function devices(): string[] {
  return readdirSync("/dev")
    .map((name) => join("/dev", name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isBlockDevice() === false);
}
