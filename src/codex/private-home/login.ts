import { join } from "node:path";
import * as v from "valibot";
import { prepareFile } from "#lib/files.ts";
import { digestFile, type FileFingerprint, isSameFingerprint } from "#lib/file-digest.ts";
import { realPath } from "#lib/paths.ts";
import { tryReadText } from "#lib/read-file.ts";
import type { HomeFindings, PrivateHomeNote } from "./note.ts";

const FILE = "auth.json";
const MAX_BYTES = 1024 * 1024;
/** Codex renews a login that is 8 days old, or whose token is about to expire. */
const MAX_AGE_MS = 6 * 24 * 3600 * 1000;
const MIN_VALIDITY_MS = 24 * 3600 * 1000;

const LoginSchema = v.looseObject({
  tokens: v.looseObject({ refresh_token: v.pipe(v.string(), v.nonEmpty()) }),
  last_refresh: v.optional(v.nullable(v.string())),
});
const RenewedSchema = v.looseObject({
  tokens: v.record(v.string(), v.nullable(v.string())),
  last_refresh: v.optional(v.string()),
});
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

/** Puts a renewed login in the place of the user's, where nothing else was changed in it. */
export function returnLogin(codexHome: string, own: string, note: PrivateHomeNote): HomeFindings {
  const findings: HomeFindings = { violations: [], notes: [] };
  if (note.login === undefined) return findings;
  // The user's may be a link to somewhere else.
  const path = realPath(join(codexHome, FILE));
  const text = readText(join(own, FILE));
  if (text !== undefined && isSameFingerprint(digestOfText(text), note.login)) return findings;
  const before = readText(path);
  if (before === undefined || !isSameFingerprint(digestOfText(before), note.login)) {
    findings.notes.push(
      "The login (auth.json) was changed by another program during the run; the run's was discarded.",
    );
  } else if (text === undefined || !isRenewalOf(before, text)) {
    findings.violations.push({ path: FILE, change: "changed in more than a renewal; discarded" });
  } else {
    prepareFile(path, text).publish();
  }
  return findings;
}

/** Whether a login differs from another in nothing but the tokens of the same account and the time of their renewal. */
export function isRenewalOf(before: string, after: string): boolean {
  const old = v.safeParse(LoginSchema, parseJson(before));
  const renewed = v.safeParse(RenewedSchema, parseJson(after));
  if (!old.success || !renewed.success) return false;
  const { tokens: oldTokens, last_refresh: _, ...oldRest } = old.output;
  const { tokens, last_refresh, ...rest } = renewed.output;
  if (last_refresh !== undefined && Number.isNaN(Date.parse(last_refresh))) return false;
  if (!Bun.deepEquals(oldRest, rest) || tokens["account_id"] !== oldTokens["account_id"]) return false;
  const isKnown = Object.keys(tokens).every((name) => name in oldTokens);
  return isKnown && Boolean(tokens["refresh_token"]) && Object.keys(oldTokens).every((name) => name in tokens);
}

function isToBeRenewed(text: string): boolean {
  const login = v.safeParse(LoginSchema, parseJson(text));
  if (!login.success) return false;
  const { tokens, last_refresh } = login.output;
  const refreshed = Date.parse(last_refresh ?? "");
  if (Number.isNaN(refreshed) || Date.now() - refreshed > MAX_AGE_MS) return true;
  const expiry = expiryOf(tokens["access_token"]);
  return expiry !== undefined && expiry - Date.now() < MIN_VALIDITY_MS;
}

/** When a JSON web token ends, in milliseconds; undefined where it does not say. */
function expiryOf(token: unknown): number | undefined {
  if (typeof token !== "string") return undefined;
  const claims = parseJson(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
  const parsed = v.safeParse(ExpirySchema, claims);
  return parsed.success ? parsed.output.exp * 1000 : undefined;
}

function readText(path: string): string | undefined {
  return tryReadText(path, { maxBytes: MAX_BYTES });
}

function digestOfText(text: string): FileFingerprint {
  const bytes = Buffer.from(text);
  return { size: bytes.length, digest: new Bun.CryptoHasher("sha256").update(bytes).digest("hex") };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
