import { shellCommand } from "./start-detached.ts";

/** Exit codes of a shell that cannot start a command. */
const [EXIT_NOT_EXECUTABLE, EXIT_NOT_FOUND] = [126, 127];

/** Pager on this terminal. */
export interface Pager {
  /** Writes a text, waiting while the pager does not read. @returns false if the user has closed it */
  write: (text: string) => Promise<boolean>;
  /** Ends the input and waits until the user has closed the pager. @returns whether there was a pager */
  close: () => Promise<boolean>;
}

/**
 * Starts a pager, which takes the terminal until the user closes it.
 * @param command as git takes it: a shell command of the user's own environment or configuration
 */
export function startPager(command: string, environment: Record<string, string | undefined>): Pager {
  const child = Bun.spawn(shellCommand(command), { env: environment, stdio: ["pipe", "inherit", "inherit"] });
  let isOpen = true;
  const ended = child.exited.then(() => (isOpen = false));
  // Ctrl-C belongs to the pager, as with git.
  const ignore = () => {};
  process.on("SIGINT", ignore);
  return {
    write: async (text) => {
      if (!isOpen) return false;
      try {
        // Each of the two may be a promise that a closed pipe rejects.
        const written = Promise.all([child.stdin.write(text), child.stdin.flush()]);
        await Promise.race([written, ended.then(() => written)]);
      } catch {
        isOpen = false; // a closed pipe
      }
      return isOpen;
    },
    close: async () => {
      try {
        await Promise.race([child.stdin.end(), ended]);
      } catch {
        // The pager has ended.
      }
      await ended;
      process.off("SIGINT", ignore);
      return child.exitCode !== EXIT_NOT_FOUND && child.exitCode !== EXIT_NOT_EXECUTABLE;
    },
  };
}
