import * as v from "valibot";

const ACCOUNT_CLAIM = "https://api.openai.com/auth";
const MaybeTextSchema = v.nullish(v.string());

/** Schema of the parts of a Codex login that this program reads. */
export const LoginSchema = v.looseObject({
  tokens: v.looseObject({ refresh_token: v.pipe(v.string(), v.nonEmpty()) }),
  last_refresh: MaybeTextSchema,
});
const RenewedSchema = v.looseObject({
  tokens: v.record(v.string(), v.nullable(v.string())),
  last_refresh: v.string(),
});
const ClaimsSchema = v.object({
  sub: v.pipe(v.string(), v.nonEmpty()),
  iss: v.string(),
  aud: v.union([v.string(), v.array(v.string())]),
  exp: v.pipe(v.number(), v.finite()),
  [ACCOUNT_CLAIM]: v.optional(
    v.object({ chatgpt_account_id: MaybeTextSchema, chatgpt_user_id: MaybeTextSchema, user_id: MaybeTextSchema }),
  ),
});

/**
 * Returns whether two logins differ only in the fields that a renewal changes: tokens of the same person and account that are valid for
 * longer, and the time of the renewal. Signatures are not verified: the owner is read from the tokens.
 * @param since earliest possible time of the renewal, in milliseconds
 */
export function isRenewalOf(before: string, after: string, since: number): boolean {
  const old = v.safeParse(LoginSchema, parseJson(before));
  const renewed = v.safeParse(RenewedSchema, parseJson(after));
  if (!old.success || !renewed.success) return false;
  const { tokens: oldTokens, last_refresh: _, ...oldRest } = old.output;
  const { tokens, last_refresh, ...rest } = renewed.output;
  const refreshed = Date.parse(last_refresh);
  if (!(refreshed >= since && refreshed <= Date.now())) return false;
  const { id_token, access_token, refresh_token, ...others } = tokens;
  const { id_token: oldId, access_token: oldAccess, refresh_token: __, ...oldOthers } = oldTokens;
  if (!Bun.deepEquals(oldRest, rest, true) || !Bun.deepEquals(oldOthers, others, true) || !refresh_token) return false;
  // A renewal's response may omit a new id token or refresh token.
  return (id_token === oldId || isLaterOf(oldId, id_token)) && isLaterOf(oldAccess, access_token);
}

/** Returns whether a token has the same person, account, issuer and use, and expires later. */
function isLaterOf(old: unknown, renewed: unknown): boolean {
  const [before, after] = [claimsOf(old), claimsOf(renewed)];
  if (before === undefined || after === undefined) return false;
  const { exp: oldEnd, ...identity } = before;
  const { exp, ...found } = after;
  return exp > oldEnd && Bun.deepEquals(identity, found);
}

function claimsOf(token: unknown): v.InferOutput<typeof ClaimsSchema> | undefined {
  const parsed = v.safeParse(ClaimsSchema, payloadOf(token));
  return parsed.success ? parsed.output : undefined;
}

/** Returns the payload of a JSON web token; undefined if the value is none. */
export function payloadOf(token: unknown): unknown {
  if (typeof token !== "string") return undefined;
  const parts = token.split(".");
  return parts.length === 3 ? parseJson(Buffer.from(parts[1] ?? "", "base64url").toString("utf8")) : undefined;
}

/** Parses a JSON text; returns undefined if it is invalid. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
