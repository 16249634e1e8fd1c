/**
 * The words that start this very program again: the compiled binary alone, or bun and our `main.ts`
 * when it runs from source.
 */
export function selfCommand(): [string, ...string[]] {
  return isCompiled() ? [process.execPath] : [process.execPath, Bun.main];
}

/** Whether this program runs as a compiled binary (its files then lie in Bun's virtual file system). */
function isCompiled(): boolean {
  return Bun.main.startsWith("/$bunfs/") || Bun.main.includes("~BUN");
}
