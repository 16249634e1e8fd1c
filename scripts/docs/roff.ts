const WIDTH = 78;

/** Returns Markdown text as lines of man(7), with its code in bold. */
export function roffText(markdown: string): string {
  const parts = markdown.split(/`([^`]*)`/);
  const text = parts.map((part, index) => (index % 2 === 1 ? bold(part) : escapeProse(part))).join("");
  return wrap(text);
}

/** Returns literal text, in bold, on the current line. */
export function bold(text: string): string {
  return `\\fB${escapeCode(text)}\\fR`;
}

/** Returns text that is typed as it stands: hyphens and quotes stay ASCII. */
export function escapeCode(text: string): string {
  return escapeText(text)
    .replaceAll("-", "\\-")
    .replaceAll("'", "\\(aq")
    .replaceAll("`", "\\(ga")
    .replaceAll("^", "\\(ha")
    .replaceAll("~", "\\(ti");
}

/** Escapes prose; the hyphens of options in it stay ASCII. */
function escapeProse(text: string): string {
  return escapeText(text).replaceAll(/(?<![\w-])--?(?=\w)/g, (hyphens) => hyphens.replaceAll("-", "\\-"));
}

function escapeText(text: string): string {
  const escaped = text.replaceAll("\\", "\\e");
  return escaped.replaceAll(/[^\n -~]/gu, (character) => {
    const hex = character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0");
    return `\\[u${hex}]`;
  });
}

/** Breaks text into lines at its spaces, none of which is a request. */
function wrap(text: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).filter(Boolean)) {
    if (line !== "" && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = "";
    }
    line += line === "" ? word : ` ${word}`;
  }
  return [...lines, line].map((each) => each.replace(/^[.']/, "\\&$&")).join("\n");
}
