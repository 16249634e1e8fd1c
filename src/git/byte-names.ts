import { decodeBytes } from "#base/visible-text.ts";

/**
 * Names of files as git and the file system have them may hold any byte. Here they are texts with one
 * character for each byte, which compare, split and join as such.
 */
export type ByteName = string;

/** Returns the bytes of a name. */
export function toBytes(name: ByteName): Buffer {
  return Buffer.from(name, "latin1");
}

/** Returns a name for people: bytes that are no UTF-8 are shown as such, like `\xff`. */
export function toText(name: ByteName): string {
  return decodeBytes(toBytes(name));
}

/** Returns the name that consists of some bytes. */
export function toName(bytes: Uint8Array): ByteName {
  return Buffer.from(bytes).toString("latin1");
}

/** Returns a path of ours, which is proper UTF-8, as such a name. */
export function nameOf(path: string): ByteName {
  return toName(Buffer.from(path));
}

/** Splits one of git's answers whose items end with NUL. */
export function splitNul(answer: Buffer): ByteName[] {
  return toName(answer).split("\0").slice(0, -1);
}
