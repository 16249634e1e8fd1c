import { basename, join } from "node:path";
import * as v from "valibot";
import { prepareFile } from "#platform/files/files.ts";
import { isSameFingerprint, digestFile, type FileFingerprint } from "#platform/files/file-digest.ts";
import { realPath } from "#base/paths.ts";
import { readFileBounded } from "#platform/files/read-file.ts";
import type { HomeFindings, HomeViolation, PrivateHomeNote } from "./note.ts";
import { isRenewalOf, LoginSchema, parseJson, payloadOf } from "./renewal.ts";

const FILE = "auth.json";
const MAX_BYTES = 1024 * 1024;
/** Codex renews a login that is 8 days old, or whose token is about to expire. */
const MAX_AGE_MS = 6 * 24 * 3600 * 1000;
const MIN_VALIDITY_MS = 24 * 3600 * 1000;

const ExpirySchema = v.object({ exp: v.number() });

/**
 * Returns the user's login where Codex is going to renew it: a refresh token can be used once only, so that the renewed
 * login must not be lost.
 */
export function readLoginToRenew(codexHome: string): { text: string; fingerprint: FileFingerprint } | undefined {
  const path = join(codexHome, FILE);
  const text = readText(path);
  const fingerprint = digestFile(path);
  if (text === undefined || fingerprint === undefined || !isToBeRenewed(text)) return undefined;
  return { text, fingerprint };
}

/**
 * Why a login that a run has changed is not to be kept even where it looks renewed: its commands name the file, or the
 * run did something else that it must not have; undefined where nothing speaks against it.
 */
export type LoginDoubt = "named" | "violation" | undefined;

/** Works out the doubt, given what was found in CODEX_HOME; asked only where a login was changed. */
export type DoubtLogin = (violations: readonly HomeViolation[]) => LoginDoubt;

/**
 * Puts a renewed login in the place of the user's, where nothing else was changed in it and nothing speaks against it.
 * @param findings what was found in CODEX_HOME until now; gets what is found here
 */
export function returnLogin(
  codexHome: string,
  own: string,
  note: PrivateHomeNote,
  findings: HomeFindings,
  doubtLogin: DoubtLogin,
): void {
  if (note.login === undefined) return;
  // The user's may be a link to somewhere else.
  const path = realPath(join(codexHome, FILE));
  const text = readText(join(own, FILE));
  if (text !== undefined && isSameFingerprint(digestOfText(text), note.login)) return;
  const before = readText(path);
  const doubt = doubtLogin(findings.violations);
  if (before === undefined || !isSameFingerprint(digestOfText(before), note.login)) {
    findings.notes.push(
      "The login (auth.json) was changed by another program during the run; the run's was discarded.",
    );
  } else if (text === undefined || !isRenewalOf(before, text, note.opened_at)) {
    findings.violations.push({ path: FILE, change: "changed in more than a renewal; discarded" });
  } else if (doubt === "named") {
    findings.violations.push({ path: FILE, change: "changed in a run whose commands name it; discarded" });
  } else if (doubt === "violation") {
    findings.notes.push(
      "The login (auth.json) was renewed during the run, which has violations: the renewed one was discarded. Where Codex is logged out now, `codex login` helps.",
    );
  } else {
    prepareFile(path, text).publish();
    findings.notes.push("The login (auth.json) was renewed during the run, and the renewed one kept.");
  }
}

/** The file as a shell may be told of it, by a pattern too, and the folder that it is in. */
const NAMES = /auth(?:\.j|\.?[*?[{])|CODEX_HOME/i;

/** Whether commands or patches of a run name the login's file, or the run's own CODEX_HOME. */
export function namesLogin(
  own: string,
  commands: readonly { command: string }[],
  patches: readonly { path: string }[],
): boolean {
  return (
    patches.some(({ path }) => basename(path) === FILE) ||
    commands.some(({ command }) => {
      const text = command.replaceAll(/['"\\]/g, "");
      return NAMES.test(text) || text.includes(own);
    })
  );
}

function isToBeRenewed(text: string): boolean {
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

function digestOfText(text: string): FileFingerprint {
  const bytes = Buffer.from(text);
  return { size: bytes.length, digest: new Bun.CryptoHasher("sha256").update(bytes).digest("hex") };
}
