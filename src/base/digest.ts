/** Returns a short digest that distinguishes contents; it does not protect against deliberately constructed collisions. */
export function hashContent(content: string | Uint8Array): string {
  return Bun.hash.xxHash64(content).toString(36);
}
