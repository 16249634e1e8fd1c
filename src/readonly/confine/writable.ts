/** Folders that a read-only run can write to. */
export interface RunFolders {
  /** This run's own CODEX_HOME, not the user's. */
  codexHome: string;
  /** Folder for temporary files of this run alone. */
  temporary: string;
}

/** Character devices that store nothing, by name and device number: `major << 8 | minor`. */
export const HARMLESS_DEVICES: ReadonlyMap<string, number> = new Map([
  ["/dev/null", 0x103],
  ["/dev/zero", 0x105],
  ["/dev/full", 0x107],
  ["/dev/random", 0x108],
  ["/dev/urandom", 0x109],
  ["/dev/tty", 0x500],
]);

/**
 * Returns the paths that a read-only run can write to. Of `/dev`, only a fixed list: `/dev/stdout` and `/dev/fd` lead to the
 * run's own log, `/dev/pts` to the terminals of others, `/dev/shm` to their memory, and a disk bypasses any file system.
 */
export function writablePaths({ codexHome, temporary }: RunFolders): string[] {
  return [codexHome, temporary, ...HARMLESS_DEVICES.keys()];
}
