import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { GitWorld } from "./git-world.ts";

/** The temporary worktrees of checks that are there: none, unless a check is running. */
export async function listCheckouts(world: GitWorld): Promise<string[]> {
  const listed = (await world.git(world.repo, "worktree", "list"))
    .split("\n")
    .filter((line) => line.includes("-check-"));
  const folders = readdirSync(world.root).filter((name) => name.includes("-check-"));
  const own = join(world.stateHome, "checkouts");
  return [...listed, ...folders, ...(existsSync(own) ? readdirSync(own) : [])];
}

/** A check that says that it has begun, and waits until it may go on. */
export interface CheckGate {
  command: string;
  begun: () => boolean;
  open: () => void;
  /** The folder in which it runs. */
  folder: () => string;
}

/** Makes such a check. */
export function makeGate(world: GitWorld, name: string): CheckGate {
  const [begun, open] = [join(world.root, `${name}-begun`), join(world.root, `${name}-open`)];
  const script = join(world.root, "bin", name);
  const lines = [
    "#!/bin/sh",
    `pwd > ${begun}.new && mv ${begun}.new ${begun}`,
    `while [ ! -e ${open} ]; do sleep 0.05; done`,
    "",
  ];
  writeFileSync(script, lines.join("\n"));
  chmodSync(script, 0o755);
  return {
    command: script,
    begun: () => existsSync(begun),
    open: () => writeFileSync(open, ""),
    folder: () => readFileSync(begun, "utf8").trim(),
  };
}
