import { basename, extname } from "node:path";
import { IS_WINDOWS } from "#base/system.ts";
import { openInBrowser } from "./open-in-browser.ts";

/** Editors with a window of their own, by their programs, in the order in which they are looked for. */
const EDITORS: readonly (readonly [program: string, name: string])[] = [
  ["code", "Visual Studio Code"],
  ["cursor", "Cursor"],
  ["windsurf", "Windsurf"],
  ["codium", "VSCodium"],
  ["zed", "Zed"],
  ["zeditor", "Zed"],
  ["idea", "IntelliJ IDEA"],
  ["subl", "Sublime Text"],
];

/** Time in which an editor that cannot open a file reports it, in milliseconds. */
const REPORT_TIMEOUT_MS = 1500;

/** Folder to open in an editor, or a file in it. Both are absolute. */
export interface EditedPath {
  folder: string;
  file?: string | undefined;
}

/**
 * Opens a folder, or a file in it, in the user's editor: the one that VISUAL or EDITOR name if it has a window of its own, else the first
 * that is installed. Without any, the system shows the folder.
 * @returns the name of the program that opened it; undefined if there is none, or it failed
 */
export async function openInEditor(
  { folder, file }: EditedPath,
  environment: Record<string, string | undefined>,
): Promise<string | undefined> {
  for (const { name, program } of findEditors(environment)) {
    if (await start([program, file ?? folder], environment)) return name;
  }
  // Never a file, nor a folder within: the system runs some kinds of them, and their content is not the user's.
  return (await openInBrowser(folder, environment)) ? "the file manager" : undefined;
}

function findEditors(environment: Record<string, string | undefined>): { name: string; program: string }[] {
  const { PATH = "", VISUAL = "", EDITOR = "" } = environment;
  const wanted = [VISUAL, EDITOR].map((command) => basename(command.trim().split(/\s+/, 1)[0] ?? ""));
  const preferred = wanted.flatMap((program) => EDITORS.filter(([each]) => each === program));
  return [...new Set([...preferred, ...EDITORS])].flatMap(([program, name]) => {
    const path = Bun.which(program, { PATH });
    // Windows runs scripts by a shell, which would interpret names of files.
    const isScript = IS_WINDOWS && /^\.(?:cmd|bat)$/i.test(extname(path ?? ""));
    return path === null || isScript ? [] : [{ name, program: path }];
  });
}

/** Starts a program that outlives this one. @returns false if it failed at once */
async function start(command: readonly string[], environment: Record<string, string | undefined>): Promise<boolean> {
  try {
    const child = Bun.spawn([...command], {
      cwd: "/",
      env: environment,
      stdio: ["ignore", "ignore", "ignore"],
      detached: true,
    });
    child.unref();
    return (await Promise.race([child.exited, Bun.sleep(REPORT_TIMEOUT_MS).then(() => 0)])) === 0;
  } catch {
    return false;
  }
}
