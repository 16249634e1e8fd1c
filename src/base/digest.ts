/** A short digest that tells contents apart; no protection against somebody who makes two of the same. */
export function digestOf(content: string | Uint8Array): string {
  return Bun.hash.xxHash64(content).toString(36);
}
