/** A command of this program. */
export interface Command {
  name: string;
  summary: string;
  /** Not for people: left out of the help. */
  isHidden?: boolean;
  /** Loads the command's code: only what runs is loaded. @returns the exit code, or undefined to go on running */
  run: (args: readonly string[]) => Promise<number | undefined>;
}

/** All commands; the first is the default. */
export const COMMANDS: readonly Command[] = [
  {
    name: "serve",
    summary: "serve MCP on stdin and stdout (the default: what an MCP client starts)",
    run: async (args) => (await import("./serve.ts")).serve(args),
  },
  {
    name: "run-task",
    summary: "supervise one task",
    isHidden: true,
    run: async (args) => (await import("./run-task.ts")).runTaskCommand(args),
  },
  {
    name: "confine",
    summary: "become another program, which can write to the given places only",
    isHidden: true,
    run: async (args) => (await import("./confine.ts")).confineCommand(args),
  },
  {
    name: "help",
    summary: "show this help (also --help)",
    run: async () => (await import("./help.ts")).printHelp(),
  },
  {
    name: "version",
    summary: "show the version (also --version)",
    run: async () => (await import("./help.ts")).printVersion(),
  },
];
