import { IS_MACOS, IS_WINDOWS } from "#base/system.ts";

/** Time in which a program that cannot open a browser reports it, in milliseconds; one that could may run as long as the browser. */
const FAILURE_TIME_MS = 3000;

/**
 * Opens a file in the user's browser.
 * @returns false if there is no screen, or no program that opens files
 */
export async function openInBrowser(path: string, environment: Record<string, string | undefined>): Promise<boolean> {
  if (!hasScreen(environment)) return false;
  try {
    const opener = Bun.spawn([...openerCommand(), path], {
      env: environment,
      stdio: ["ignore", "ignore", "ignore"],
      detached: true,
    });
    opener.unref();
    const failure = await Promise.race([opener.exited, Bun.sleep(FAILURE_TIME_MS).then(() => 0)]);
    return failure === 0;
  } catch {
    return false;
  }
}

function openerCommand(): string[] {
  if (IS_MACOS) return ["open"];
  return IS_WINDOWS ? ["rundll32", "url.dll,FileProtocolHandler"] : ["xdg-open"];
}

/** Returns whether a browser could be seen: a program on a remote machine would start one there. */
function hasScreen(environment: Record<string, string | undefined>): boolean {
  const { DISPLAY, WAYLAND_DISPLAY, BROWSER, SSH_CONNECTION } = environment;
  if (IS_MACOS || IS_WINDOWS) return SSH_CONNECTION === undefined;
  return [DISPLAY, WAYLAND_DISPLAY, BROWSER].some((value) => value !== undefined && value !== "");
}
