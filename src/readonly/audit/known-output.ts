import { hasOption, operandsOf, type Value } from "./value.ts";

/** Returns the output of a command that is commonly used to pass a script to a shell; undefined for any other command. */
export function knownOutput(words: readonly Value[], stdin: string | undefined): string | undefined {
  const [program, ...args] = words;
  if (program === undefined || !words.every(({ isKnown }) => isKnown)) return undefined;
  switch (program.text) {
    case "echo":
      return `${args
        .filter(({ text }) => !/^-[neE]+$/.test(text))
        .map(({ text }) => text)
        .join(" ")}\n`;
    case "printf": {
      const [format = "", value] = args.map(({ text }) => text);
      return value === undefined ? format : format.replaceAll("%s", value);
    }
    case "cat":
      return operandsOf(args).length === 0 ? stdin : undefined;
    case "base64":
      return hasOption(args, "-d", "-D", "--decode") && stdin !== undefined
        ? Buffer.from(stdin, "base64").toString("utf8")
        : undefined;
    default:
      return undefined;
  }
}
