// Replaces characters that a terminal interprets or does not show with readable forms: \x1b, \u202e, \u{e0041}.

/** Visible characters of the scripts whose ordinary writing uses U+200C and U+200D to join and separate letters. */
const JOINING =
  "[[\\p{sc=Arab}\\p{sc=Syrc}\\p{sc=Deva}\\p{sc=Beng}\\p{sc=Guru}\\p{sc=Gujr}\\p{sc=Orya}\\p{sc=Taml}\\p{sc=Telu}\\p{sc=Knda}\\p{sc=Mlym}\\p{sc=Sinh}]--\\u061C]";

/** Invisible characters that belong to the character before them: within emoji, keycaps and words of joining scripts. */
const ORDINARY = [
  "(?<=[\\p{Extended_Pictographic}\\p{Emoji_Modifier}]|\\p{Extended_Pictographic}\\uFE0F)\\u200D(?=\\p{Extended_Pictographic})",
  "(?<=\\p{Extended_Pictographic})[\\uFE0E\\uFE0F]",
  "(?<=[#*0-9])\\uFE0F(?=\\u20E3)",
  `(?<=${JOINING})[\\u200C\\u200D](?=${JOINING})`,
];

/** Controls, format characters (except visible ones), lone surrogates, line separators, and all other characters drawn as nothing. */
const HIDDEN =
  "[[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}\\p{Default_Ignorable_Code_Point}]--[\\u0600-\\u0605\\u06DD\\u070F\\u0890\\u0891\\u08E2\\u{110BD}\\u{110CD}]]";

let compiled: { oneLine: RegExp; multiline: RegExp } | undefined;

/** Compiles the patterns on first use: this takes a millisecond, which the start of a server should not pay. */
function getPatterns(): NonNullable<typeof compiled> {
  compiled ??= {
    oneLine: new RegExp(`${ORDINARY.join("|")}|(${HIDDEN})`, "gv"),
    multiline: new RegExp(`[\\n\\t]|${ORDINARY.join("|")}|(${HIDDEN})`, "gv"),
  };
  return compiled;
}

const PLAIN = /^[\n\t -~]*$/;

/**
 * Replaces every character that a terminal would interpret or not show with a readable form. Applying it twice changes nothing more.
 * @param isMultiline whether line feeds and tabs are kept
 */
export function makeVisible(text: string, isMultiline = false): string {
  if (isMultiline && PLAIN.test(text)) return text;
  const { oneLine, multiline } = getPatterns();
  return text.replace(isMultiline ? multiline : oneLine, (ordinary: string, hidden: string | undefined) =>
    hidden === undefined ? ordinary : escapeCharacter(hidden),
  );
}

const SHORT: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function escapeCharacter(character: string): string {
  const short = SHORT[character];
  if (short !== undefined) return short;
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code < 0x80) return `\\x${hex.padStart(2, "0")}`;
  return code > 0xffff ? `\\u{${hex}}` : `\\u${hex.padStart(4, "0")}`;
}

const UTF8_CHARACTER =
  // oxlint-disable-next-line no-control-regex -- bytes, each as the character of its number
  /[\x00-\x7F]+|[\xC2-\xDF][\x80-\xBF]|\xE0[\xA0-\xBF][\x80-\xBF]|[\xE1-\xEC\xEE\xEF][\x80-\xBF]{2}|\xED[\x80-\x9F][\x80-\xBF]|\xF0[\x90-\xBF][\x80-\xBF]{2}|[\xF1-\xF3][\x80-\xBF]{3}|\xF4[\x80-\x8F][\x80-\xBF]{2}|([^])/g;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Decodes UTF-8; invalid bytes become `\xff`. */
export function decodeBytes(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return bytes.toString("latin1").replace(UTF8_CHARACTER, (character: string, invalid: string | undefined) => {
      if (invalid === undefined) return Buffer.from(character, "latin1").toString("utf8");
      return `\\x${invalid.charCodeAt(0).toString(16)}`;
    });
  }
}
