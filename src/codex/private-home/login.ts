import { basename, join } from "node:path";
import * as v from "valibot";
import { realPath } from "#base/paths.ts";
import { isSameFingerprint, digestFile, type FileFingerprint } from "#platform/files/file-digest.ts";
import { prepareFile } from "#platform/files/files.ts";
import { readFileBounded } from "#platform/files/read-file.ts";
import type { HomeFindings, HomeViolation, PrivateHomeNote } from "./note.ts";
import { isRenewalOf, LoginSchema, parseJson, payloadOf } from "./renewal.ts";

const FILE = "auth.json";
const MAX_BYTES = 1024 * 1024;
/**
 * Age from which a login counts as due for renewal, in milliseconds. Codex renews a login that is 8 days old, or whose token is about to
 * expire.
 */
const MAX_AGE_MS = 6 * 24 * 3600 * 1000;
/** Remaining validity of a token below which its login is due for renewal, in milliseconds. */
const MIN_VALIDITY_MS = 24 * 3600 * 1000;

const ExpirySchema = v.object({ exp: v.number() });

/** Returns the user's login if Codex is going to renew it: a refresh token can be used only once, so the renewed login must not be lost. */
export function readLoginToRenew(codexHome: string): { text: string; fingerprint: FileFingerprint } | undefined {
  const path = join(codexHome, FILE);
  const text = readText(path);
  const fingerprint = digestFile(path);
  if (text === undefined || fingerprint === undefined || !isDueForRenewal(text)) return undefined;
  return { text, fingerprint };
}

/**
 * Reason not to keep a login that a run has changed, even if it looks renewed: the run's commands name the file, or the run committed
 * another violation; undefined if there is no such reason.
 */
export type LoginDoubt = "named" | "violation" | undefined;

/** Function that derives the doubt from the findings in CODEX_HOME; called only if a login was changed. */
export type FindLoginDoubt = (violations: readonly HomeViolation[]) => LoginDoubt;

/**
 * Replaces the user's login with a renewed one, if nothing else in it was changed and there is no doubt about it.
 * @param findings earlier findings in CODEX_HOME; receives the new ones
 */
export function copyLoginBack(
  codexHome: string,
  own: string,
  note: PrivateHomeNote,
  findings: HomeFindings,
  doubtLogin: FindLoginDoubt,
): void {
  if (note.login === undefined) return;
  // The user's file may be a link to another place.
  const path = realPath(join(codexHome, FILE));
  const text = readText(join(own, FILE));
  if (text !== undefined && isSameFingerprint(fingerprintText(text), note.login)) return;
  const before = readText(path);
  const doubt = doubtLogin(findings.violations);
  if (before === undefined || !isSameFingerprint(fingerprintText(before), note.login)) {
    findings.notes.push("Another program changed the login (auth.json) during the run; the run's login was discarded.");
  } else if (text === undefined || !isRenewalOf(before, text, note.opened_at)) {
    findings.violations.push({ path: FILE, change: "changed in more fields than a renewal changes; discarded" });
  } else if (doubt === "named") {
    findings.violations.push({ path: FILE, change: "changed by a run that names it in a command; discarded" });
  } else if (doubt === "violation") {
    findings.notes.push(
      "The login (auth.json) was renewed during a run with violations, so the renewed login was discarded. If Codex is now logged out, run `codex login`.",
    );
  } else {
    prepareFile(path, text).publish();
    findings.notes.push("The login (auth.json) was renewed during the run, and the renewed login was kept.");
  }
}

/** Names by which a shell command may refer to the file or its folder, including patterns. */
const LOGIN_NAMES = /auth(?:\.j|\.?[*?[{])|CODEX_HOME/i;

/** Returns whether commands or patches of a run name the login's file, or the run's own CODEX_HOME. */
export function namesLogin(
  own: string,
  commands: readonly { command: string }[],
  patches: readonly { path: string }[],
): boolean {
  return (
    patches.some(({ path }) => basename(path) === FILE) ||
    commands.some(({ command }) => {
      const text = command.replaceAll(/['"\\]/g, "");
      return LOGIN_NAMES.test(text) || text.includes(own);
    })
  );
}

function isDueForRenewal(text: string): boolean {
  const login = v.safeParse(LoginSchema, parseJson(text));
  if (!login.success) return false;
  const { tokens, last_refresh } = login.output;
  const refreshed = Date.parse(last_refresh ?? "");
  if (Number.isNaN(refreshed) || Date.now() - refreshed > MAX_AGE_MS) return true;
  const expiry = v.safeParse(ExpirySchema, payloadOf(tokens["access_token"]));
  return expiry.success && expiry.output.exp * 1000 - Date.now() < MIN_VALIDITY_MS;
}

function readText(path: string): string | undefined {
  const outcome = readFileBounded(path, { maxBytes: MAX_BYTES });
  return "bytes" in outcome ? outcome.bytes.toString("utf8") : undefined;
}

function fingerprintText(text: string): FileFingerprint {
  const bytes = Buffer.from(text);
  return { size: bytes.length, digest: new Bun.CryptoHasher("sha256").update(bytes).digest("hex") };
}
