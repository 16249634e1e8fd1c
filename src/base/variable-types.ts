import { isAbsolute } from "node:path";
import * as v from "valibot";
import { expandHome } from "./paths.ts";

/** Description of an environment variable for the documents, in Markdown. */
export interface VariableDescription {
  /** Allowed values. */
  values: string;
  /** Default, with its unit. */
  fallback: string;
  meaning: string;
}

type Texts = Omit<VariableDescription, "values">;

/** Returns the type of a variable with any text; an empty one counts as unset. */
export function text(values: string, texts: Texts) {
  return v.pipe(
    v.optional(v.string()),
    v.transform((value) => value || undefined),
    v.metadata({ values, ...texts }),
  );
}

/** Returns the type of a variable with the absolute path of a folder. */
export function folder(texts: Texts) {
  return v.pipe(
    v.optional(v.string()),
    v.transform((value) => (value === undefined ? undefined : expandHome(value))),
    v.check((value) => !value || isAbsolute(value), "must be an absolute path"),
    v.metadata({ values: "an absolute path", ...texts }),
  );
}

const isCount = (value: number) => Number.isSafeInteger(value) && value >= 0;
const NO_COUNT = "must be a whole number from 0";
const COUNT = "a whole number";

/** Returns the type of a variable with a whole number. */
export function count(fallback: number, unit: string, meaning: string) {
  return v.pipe(
    v.optional(v.string(), ""),
    v.transform((value) => (value === "" ? fallback : Number(value))),
    v.check(isCount, NO_COUNT),
    v.metadata({ values: COUNT, fallback: `\`${fallback}\`${unit}`, meaning }),
  );
}

/** Returns the type of a variable with a whole number that has no fixed default. */
export function optionalCount(texts: Texts) {
  return v.pipe(
    v.optional(v.string()),
    v.transform((value) => (value ? Number(value) : undefined)),
    v.check((value) => value === undefined || isCount(value), NO_COUNT),
    v.metadata({ values: COUNT, ...texts }),
  );
}

/**
 * Returns the type of a variable with one of a few values.
 * @param empty meaning of an empty value, so that a variable can be switched off without knowing the build's default
 */
export function choice<const Value extends string>(
  values: readonly Value[],
  fallback: Value,
  meaning: string,
  empty: Value = fallback,
) {
  const or = `must be ${values.join(", ")} or empty`;
  return v.pipe(
    v.optional(v.picklist(["", ...values], or), () => fallback),
    v.transform((value) => values.find((each) => each === value) ?? empty),
    v.metadata({ values: values.map((value) => `\`${value}\``).join(", "), fallback: `\`${fallback}\``, meaning }),
  );
}

/** Returns the type of a variable that is `0` or `1`. */
export function isOn(meaning: string) {
  return v.pipe(
    choice(["0", "1"], "0", meaning),
    v.transform((value) => value === "1"),
  );
}

/** Returns the type of a variable with the folder for worktrees. */
export function worktreeFolder(texts: Texts) {
  return v.pipe(
    v.optional(v.string()),
    v.transform((value) => (value ? expandHome(value) : undefined)),
    v.check(
      (value) => (value?.match(/\{[^}]*\}?/g) ?? []).every((found) => found === "{repo}" || found === "{branch}"),
      "may contain {repo} and {branch}, but no other braces",
    ),
    v.metadata({ values: "a path with `{repo}` and `{branch}`", ...texts }),
  );
}

/** Returns the type of a variable with the address of a web server. */
export function webAddress(texts: Texts) {
  return v.pipe(
    v.optional(v.string()),
    v.transform((value) => value?.trim() || undefined),
    v.check(
      (value) => value === undefined || isWebAddress(value),
      "must be an address that begins with http:// or https://, without a user name",
    ),
    v.metadata({ values: "an `http` or `https` address", ...texts }),
  );
}

function isWebAddress(value: string): boolean {
  if (!/^https?:\/\//i.test(value) || !URL.canParse(value)) return false;
  const { username, password } = new URL(value);
  return username === "" && password === "";
}

/** Returns the type of a variable with a secret that messages are signed with. */
export function signingSecret(texts: Texts) {
  return v.pipe(
    v.optional(v.string()),
    v.transform((value) => value || undefined),
    v.check(
      (value) => value?.startsWith("whsec_") !== true || /^whsec_(?:[\w+/-]{4})*[\w+/-]{2,4}={0,2}$/.test(value),
      "must be Base64 after whsec_",
    ),
    v.metadata({ values: "any text, or `whsec_` and Base64", ...texts }),
  );
}
