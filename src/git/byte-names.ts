import { decodeBytes } from "#base/visible-text.ts";

/**
 * File name as git and the file system have it, with arbitrary bytes: a string with one character for each byte, so that names
 * can be compared, split and joined.
 */
export type ByteName = string;

/** Returns the bytes of a name. */
export function toBytes(name: ByteName): Buffer {
  return Buffer.from(name, "latin1");
}

/** Returns a name for people: bytes that are not valid UTF-8 are shown escaped, like `\xff`. */
export function toText(name: ByteName): string {
  return decodeBytes(toBytes(name));
}

/** Returns the name that consists of the given bytes. */
export function fromBytes(bytes: Uint8Array): ByteName {
  return Buffer.from(bytes).toString("latin1");
}

/** Returns a path of this program, which is valid UTF-8, as a byte name. */
export function toByteName(path: string): ByteName {
  return fromBytes(Buffer.from(path));
}

/** Splits an answer of git whose items end with NUL. */
export function splitNul(answer: Buffer): ByteName[] {
  return fromBytes(answer).split("\0").slice(0, -1);
}
