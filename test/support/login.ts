// Logins as Codex keeps them in auth.json, with tokens that nobody has signed.

const ACCOUNT = "https://api.openai.com/auth";
/** One day. */
export const DAY_MS = 24 * 3600 * 1000;

/** A JSON web token of a person's, valid for so long from now, with other claims where they are given. */
export function token(validMs: number, claims: object = {}, account: object = {}): string {
  const all = {
    sub: "person",
    iss: "https://auth.example",
    aud: ["app"],
    exp: Math.round((Date.now() + validMs) / 1000),
    [ACCOUNT]: { chatgpt_account_id: "acc", chatgpt_user_id: "user", chatgpt_plan_type: "plus", ...account },
    ...claims,
  };
  return `h.${Buffer.from(JSON.stringify(all)).toString("base64url")}.s`;
}

/** A login that was renewed so many days ago, with other fields and tokens where they are given. */
export function login(ageDays: number, more: object = {}, tokens: object = {}): string {
  return JSON.stringify({
    OPENAI_API_KEY: null,
    tokens: {
      id_token: token((10 - ageDays) * DAY_MS),
      access_token: token((10 - ageDays) * DAY_MS),
      refresh_token: `r${ageDays}`,
      account_id: "acc",
      ...tokens,
    },
    last_refresh: new Date(Date.now() - ageDays * DAY_MS).toISOString(),
    ...more,
  });
}
