/**
 * Returns the command that starts this exact program again: the compiled binary alone, or bun and our `main.ts` when running from source.
 */
export function selfCommand(): [string, ...string[]] {
  return isCompiled() ? [process.execPath] : [process.execPath, Bun.main];
}

/** Returns whether this program runs as a compiled binary (its files are then in Bun's virtual file system). */
function isCompiled(): boolean {
  return Bun.main.startsWith("/$bunfs/") || Bun.main.includes("~BUN");
}
