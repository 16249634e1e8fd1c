/** Returns a short digest that distinguishes contents; it does not protect against deliberately constructed collisions. */
export function hashContent(content: string | Uint8Array): string {
  return Bun.hash.xxHash64(content).toString(36);
}

/** Returns the SHA-256 digest of a text in hexadecimal digits. */
export function sha256(text: string): string {
  return new Bun.CryptoHasher("sha256").update(text).digest("hex");
}
