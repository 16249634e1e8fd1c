import { tryGit } from "./git.ts";

/** Names of the parts of a patch that have a colour of their own. */
export const PATCH_PARTS = ["context", "meta", "frag", "func", "old", "new"] as const;

/** Part of a patch. */
export type PatchPart = (typeof PATCH_PARTS)[number];

/** Settings of the user's git for patches on a terminal. */
export interface PatchDisplay {
  /** Shell command of the pager; undefined if there is to be none. */
  pager: string | undefined;
  /** Whether patches have colours. */
  hasColour: boolean;
  /** Codes of the colours that the user has changed (the parameters of an SGR sequence), by part; empty for no colour. */
  colours: Partial<Record<PatchPart, string>>;
}

const SETTINGS = String.raw`^(core\.pager|pager\.diff|color\.(ui|diff)|color\.diff\.(context|plain|meta|frag|func|old|new))$`;
const GIT_DEADLINE_MS = 5000;

/**
 * Returns the settings of the user's git for patches. Programs and colours that a repository's own configuration names are ignored.
 * @param folder a folder of the repository
 */
export async function readPatchDisplay(
  folder: string,
  environment: Record<string, string | undefined>,
): Promise<PatchDisplay> {
  const trusted = await readTrusted(folder);
  const colours: PatchDisplay["colours"] = {};
  for (const part of PATCH_PARTS) {
    const key = `color.diff.${part}`;
    if (trusted.has(key) || (part === "context" && trusted.has("color.diff.plain"))) {
      colours[part] = await readColour(folder, trusted.get(key) ?? trusted.get("color.diff.plain") ?? "");
    }
  }
  const colour = trusted.get("color.diff") ?? trusted.get("color.ui") ?? "auto";
  return { pager: choosePager(trusted, environment), hasColour: !isOff(colour), colours };
}

/** Returns the pager as git chooses it; see git-var(1) and `pager.<cmd>` in git-config(1). */
function choosePager(
  trusted: ReadonlyMap<string, string>,
  environment: Record<string, string | undefined>,
): string | undefined {
  const forDiff = trusted.get("pager.diff");
  if (forDiff !== undefined && isOff(forDiff)) return undefined;
  const own = forDiff === undefined || /^(?:true|yes|on|1|)$/i.test(forDiff) ? undefined : forDiff;
  const { GIT_PAGER, PAGER } = environment;
  const pager = own ?? GIT_PAGER ?? trusted.get("core.pager") ?? PAGER ?? findLess(environment);
  return pager === "" || pager === "cat" ? undefined : pager;
}

function findLess({ PATH }: Record<string, string | undefined>): string {
  return Bun.which("less", { PATH: PATH ?? "" }) === null ? "" : "less";
}

function isOff(value: string): boolean {
  return /^(?:false|no|off|never|0)$/i.test(value);
}

/** Reads the settings of the system, the user and the command line; the last value of each counts. */
async function readTrusted(folder: string): Promise<Map<string, string>> {
  const args = ["config", "--show-scope", "--null", "--get-regexp", SETTINGS];
  const { exitCode, stdout } = await tryGit(folder, args, {}, { deadlineMs: GIT_DEADLINE_MS });
  const trusted = new Map<string, string>();
  const fields = exitCode === 0 ? stdout.split("\0") : [];
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const [scope, setting = ""] = [fields[index], fields[index + 1]];
    const [, key = setting, value = "true"] = /^([^\n]*)\n(.*)$/s.exec(setting) ?? [];
    // Our own fixed settings come with the scope `command`, so that one is the user's only in the environment, which git puts there too.
    if (scope === "system" || scope === "global") trusted.set(key.toLowerCase(), value);
  }
  return trusted;
}

/** Translates a colour of git's configuration, such as `bold 208`, to the parameters of an SGR sequence. */
async function readColour(folder: string, colour: string): Promise<string> {
  const args = ["-c", `codexmcp.colour=${colour}`, "config", "--get-color", "codexmcp.colour"];
  const { exitCode, stdout } = await tryGit(folder, args, {}, { deadlineMs: GIT_DEADLINE_MS });
  // oxlint-disable-next-line no-control-regex -- git prints the sequence itself
  const codes = exitCode === 0 ? [...stdout.matchAll(/\u001B\[([\d;]*)m/g)].map(([, code = ""]) => code) : [];
  return codes.filter(Boolean).join(";");
}
