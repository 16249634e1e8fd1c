import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { runCli } from "../support/command-line.ts";
import { writeOldTasks } from "../support/old-tasks.ts";
import { BINARY, World } from "../support/world.ts";

let world: World;
beforeAll(() => {
  world = new World();
  writeOldTasks(world.stateHome, 1);
});
afterAll(() => world.close());

const cli = (...args: string[]) => runCli(world, args);

describe("completion", () => {
  test("offers commands, options, choices and tasks", async () => {
    const complete = async (...words: string[]) => (await cli("complete", "--", ...words)).stdout;
    expect(await complete("ta")).toStartWith("tasks\t");
    expect(await complete("")).not.toContain("run-task");
    expect(await complete("tasks", "--wa")).toStartWith("--watch\t");
    expect(await complete("tasks", "--status", "=", "can")).toBe("cancelled\t\n");
    expect(await complete("show", "codex-")).toContain("codex-review-old_0-v1\tcompleted, /old");
    expect(await complete("install", "cl")).toContain("claude-code\t");
  });

  test("in bash, a name with a command in it completes to a word that is that name", async () => {
    const name = "x;$(touch${IFS}PWNED)`id` 'y";
    const folder = world.folder("completion");
    // Stands for this program, which would offer the files that an agent has created.
    writeFileSync(join(folder, "codex-mcp-server"), `#!/bin/sh\ncat <<'END'\n${name}\t\nplain.txt\t\nEND\n`, {
      mode: 0o755,
    });
    const script = (await cli("completion", "bash")).stdout;
    const use = `COMP_WORDS=(codex-mcp-server diff t ""); COMP_CWORD=3; _codex_mcp_server`;
    const show = 'eval "printf \'%s\\\\n\' ${COMPREPLY[0]}"; echo "${COMPREPLY[1]}"';
    const run = Bun.spawnSync(["bash", "-c", `${script}\n${use}\n${show}`], {
      cwd: folder,
      env: { ...world.environment(), PATH: `${folder}:${process.env["PATH"]}` },
    });
    expect(run.stdout.toString()).toBe(`${name}\nplain.txt\n`);
    expect(existsSync(join(folder, "PWNED"))).toBe(false);
  });

  const shells = {
    bash: 'complete -p codex-mcp-server; COMP_WORDS=(codex-mcp-server tas); COMP_CWORD=1; _codex_mcp_server; echo "${COMPREPLY[@]}"',
    zsh: 'autoload -U compinit; compinit -u -D; source /dev/stdin <<< "$SCRIPT"; echo $_comps[codex-mcp-server]',
    fish: 'echo "$SCRIPT" | source; complete -C "codex-mcp-server tas"',
  };
  test.each(Object.entries(shells))("%s accepts its script", async (shell, use) => {
    if (Bun.which(shell) === null) return console.warn(`SKIPPED: completion in ${shell}, which is not installed`);
    const script = (await cli("completion", shell)).stdout;
    const command = shell === "bash" ? `${script}\n${use}` : use;
    const run = Bun.spawnSync([shell, "-c", command], {
      env: { ...world.environment(), PATH: `${dirname(BINARY)}:${process.env["PATH"]}`, SCRIPT: script },
    });
    expect(run.stderr.toString()).toBe("");
    expect(run.stdout.toString()).toContain(shell === "zsh" ? "_codex_mcp_server" : "tasks");
  });
});
