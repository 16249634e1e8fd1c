import { OWN_BUILD } from "#base/build.ts";
import type { Input } from "#cli/framework/command.ts";
import { printJson, printLines } from "#cli/terminal/output.ts";

/** Prints the version, commit and target from which this binary was built. */
export function version({ options }: Input<{ json: boolean }>): number {
  const { version: number, commit, date, target } = OWN_BUILD;
  if (options.json) {
    printJson({ ...OWN_BUILD, bun: Bun.version });
    return 0;
  }
  const source = commit === "" ? [] : [`commit ${commit}, ${date}`];
  printLines([`codex-mcp-server ${number}`, ...source, `for ${target}, Bun ${Bun.version}`]);
  return 0;
}
