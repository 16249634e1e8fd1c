import { OWN_BUILD } from "#base/build.ts";
import { defineCommand, JSON_OPTION } from "#cli/framework/command.ts";
import { printJson, printLines } from "#cli/terminal/output.ts";

export const versionCommand = defineCommand({
  name: "version",
  group: "program",
  summary: "Show the version and build of this program",
  options: { json: JSON_OPTION },
  examples: [["--version", "Show the version, commit and target"]],
  run: ({ options }) => {
    const { version, commit, date, target } = OWN_BUILD;
    if (options.json) {
      printJson({ ...OWN_BUILD, bun: Bun.version });
      return 0;
    }
    const source = commit === "" ? [] : [`commit ${commit}, ${date}`];
    printLines([`codex-mcp-server ${version}`, ...source, `for ${target}, Bun ${Bun.version}`]);
    return 0;
  },
});
