import { statfsSync } from "node:fs";
import { IS_LINUX } from "#base/system.ts";

/** Linux file systems that several hosts may share, by the magic number of statfs(2). */
const SHARED: Record<number, string> = {
  0x6969: "NFS",
  0xff534d42: "CIFS",
  0xfe534d42: "SMB",
  0x517b: "SMB",
  0x01021997: "9p",
  0x65735546: "FUSE",
  0x0bd00bd0: "Lustre",
  0x00c36400: "Ceph",
  0x47504653: "GPFS",
  0x5346414f: "AFS",
  0x6b414653: "AFS",
  0x01161970: "GFS2",
  0x7461636f: "OCFS2",
  0x6a656a63: "virtiofs",
  0xaad7aaea: "Panasas",
  0x19830326: "BeeGFS",
};

/**
 * Returns the kind of a file system that other hosts may use at the same time; undefined if it is local, or if the system does not say
 * (macOS, Windows).
 */
export function sharedFileSystem(path: string): string | undefined {
  if (!IS_LINUX) return undefined;
  try {
    return SHARED[statfsSync(path).type >>> 0];
  } catch {
    return undefined;
  }
}
