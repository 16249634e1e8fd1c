import { Turns } from "#base/concurrency.ts";

/** Text that takes the place of a secret. */
export const REDACTED = "[redacted]";

/** Length of a text in which searching for one form takes noticeable time, in characters. */
const LONG_TEXT = 64 * 1024;

/** Secret in a text, or what looks like one. */
export interface FoundSecret {
  /** Name of its form, or of the variable that has it as its value. */
  kind: string;
  start: number;
  end: number;
}

/** Value that is a secret wherever it occurs. */
export interface KnownSecret {
  /** Name of the environment variable. */
  name: string;
  value: string;
}

/** Form of secrets. The first group, or else the whole match, is the secret. Every repetition is bounded, or can begin at one place only. */
interface SecretForm {
  kind: string;
  pattern: RegExp;
}

/** Characters that none of a secret's own is before it: a form is looked for at the beginning of a word only. */
const BEGIN = "(?<![A-Za-z0-9_-])";

const FORMS: readonly SecretForm[] = [
  { kind: "API key (sk-)", pattern: new RegExp(`${BEGIN}sk-[A-Za-z0-9_-]{16,400}`, "g") },
  { kind: "GitHub token", pattern: new RegExp(`${BEGIN}gh[pousr]_[A-Za-z0-9]{20,255}`, "g") },
  { kind: "GitHub token", pattern: new RegExp(`${BEGIN}github_pat_[A-Za-z0-9_]{20,255}`, "g") },
  { kind: "GitLab token", pattern: new RegExp(`${BEGIN}glpat-[A-Za-z0-9_-]{16,100}`, "g") },
  { kind: "AWS access key", pattern: new RegExp(`${BEGIN}(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])`, "g") },
  { kind: "Slack token", pattern: new RegExp(`${BEGIN}xox[abeoprs]-[A-Za-z0-9-]{10,400}`, "g") },
  { kind: "Google API key", pattern: new RegExp(`${BEGIN}AIza[A-Za-z0-9_-]{35}`, "g") },
  { kind: "npm token", pattern: new RegExp(`${BEGIN}npm_[A-Za-z0-9]{36}`, "g") },
  { kind: "Hugging Face token", pattern: new RegExp(`${BEGIN}hf_[A-Za-z0-9]{30,100}`, "g") },
  { kind: "Stripe key", pattern: new RegExp(`${BEGIN}[rs]k_(?:live|test)_[A-Za-z0-9]{16,200}`, "g") },
  {
    kind: "JSON web token",
    pattern: new RegExp(`${BEGIN}eyJ[A-Za-z0-9_-]{8,8000}\\.eyJ[A-Za-z0-9_-]{4,8000}\\.[A-Za-z0-9_-]{8,8000}`, "g"),
  },
  {
    kind: "private key",
    // A line of a patch may begin with a minus sign; two of them begin the end of the key.
    pattern: /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:[A-Za-z0-9+/=\s\\:,.]|-(?!-)){1,20000}/g,
  },
  {
    kind: "authorization header",
    pattern:
      /(?<![\w-])(?:(?:proxy-)?authorization|x-api-key|api-key|private-token)["']?[ \t]{0,4}[:=][ \t]{0,4}["']?(?:(?:bearer|basic|token)[ \t]{1,4})?([^\s"'\\,;$<>[\](){}]{8,8000})/gi,
  },
  { kind: "bearer token", pattern: /(?<![\w-])bearer[ \t]{1,4}([A-Za-z0-9._~+/=-]{16,8000})/gi },
  {
    kind: "assigned secret",
    pattern:
      /(?<![A-Za-z0-9_])[A-Z0-9_]{0,60}(?:SECRET|TOKEN|PASSWORD|PASSWD|API_?KEY|ACCESS_KEY|PRIVATE_KEY)[A-Z0-9_]{0,30}=["']?([^\s"'\\,;$<>[\](){}&|]{8,8000})/g,
  },
  { kind: "password in an address", pattern: /:\/\/[^/\s:@"'<>[\]]{1,100}:([^/\s:@"'<>[\]]{3,300})@/g },
];

/**
 * Returns the secrets in a text in their order, none within another. Other work runs between the searches for two forms.
 * @param known values that are secrets wherever they occur
 */
export async function findSecrets(
  text: string,
  known: readonly KnownSecret[] = [],
  turns = new Turns(),
): Promise<FoundSecret[]> {
  const found = known.flatMap((secret) => findValue(text, secret));
  for (const form of FORMS) {
    if (text.length > LONG_TEXT) await turns.pause();
    for (const secret of findForm(text, form)) found.push(secret);
  }
  const joined: FoundSecret[] = [];
  for (const secret of found.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    const last = joined.at(-1);
    if (last === undefined || secret.start >= last.end) joined.push({ ...secret });
    else last.end = Math.max(last.end, secret.end);
  }
  return joined;
}

function findValue(text: string, { name, value }: KnownSecret): FoundSecret[] {
  const found: FoundSecret[] = [];
  for (let start = text.indexOf(value); start !== -1; start = text.indexOf(value, start + value.length)) {
    found.push({ kind: `value of ${name}`, start, end: start + value.length });
  }
  return found;
}

function findForm(text: string, { kind, pattern }: SecretForm): FoundSecret[] {
  return Array.from(text.matchAll(pattern), (match) => {
    const [whole, secret = whole] = match;
    // The group is what a match ends with, except for a sign that follows it.
    const start = match.index + whole.lastIndexOf(secret);
    return { kind, start, end: start + secret.length };
  });
}

/** Returns a text without the secrets that were found in it. It has the same lines, so that a patch remains one. */
export function redactSecrets(text: string, found: readonly FoundSecret[]): string {
  let [redacted, at] = ["", 0];
  for (const { start, end } of found) {
    redacted += text.slice(at, start) + redactLines(text.slice(start, end));
    at = end;
  }
  return redacted + text.slice(at);
}

function redactLines(secret: string): string {
  const [, ...others] = secret.split("\n");
  // The first character may be the sign of a patch's line.
  return [
    REDACTED,
    ...others.map((line) => (line.length < 2 ? line : line.slice(0, 1).replace(/[^ +-]/, "") + REDACTED)),
  ].join("\n");
}

/** Number of characters of a secret that are shown, at most a fifth of it. */
const MAX_SHOWN = 4;

/** Returns the beginning of a secret, by which its owner recognizes it. */
export function maskSecret(secret: string): string {
  return `${secret.slice(0, Math.min(MAX_SHOWN, Math.floor(secret.length / 5)))}… (${secret.length} characters)`;
}

/** Names of variables whose values are secrets. */
const SECRET_NAME =
  /secret|token|passw|passphrase|credential|(?:^|_)(?:pat|auth)$|api_?key|access_?key|private_?key|(?:^|_)key$/i;

/** Shortest value of a variable that is looked for, in characters. */
const MIN_VALUE = 8;

/** Maximum number of variables whose values are looked for. */
const MAX_KNOWN = 200;

/** Returns the values of environment variables whose names say that they are secrets; paths are none. */
export function listKnownSecrets(environment: Readonly<Record<string, string | undefined>>): KnownSecret[] {
  const known = Object.entries(environment).flatMap(([name, value = ""]) => {
    const text = value.trim();
    const isSecret =
      SECRET_NAME.test(name) && text.length >= MIN_VALUE && !text.startsWith("/") && !text.startsWith("~");
    return isSecret ? [{ name, value: text }] : [];
  });
  return known.slice(0, MAX_KNOWN);
}
