// Recordings of terminals in asciinema's format (version 2): a header, then one output a line.

/** Recording of a terminal. */
export interface Cast {
  width: number;
  height: number;
  /** Outputs, each with the seconds since the beginning. */
  outputs: { at: number; text: string }[];
}

/** Formats a recording as a file. */
export function formatCast({ width, height, outputs }: Cast): string {
  const header = { version: 2, width, height, title: "npm run demo", env: { TERM: "xterm-256color" } };
  return [header, ...outputs.map(({ at, text }) => [at, "o", text])]
    .map((line) => `${JSON.stringify(line)}\n`)
    .join("");
}

/** Parses a file of a recording. */
export function parseCast(file: string): Cast {
  const [header, ...events] = file
    .trimEnd()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
  const outputs = (events as [number, string, string][]).map(([at, , text]) => ({ at, text }));
  return { ...(header as Pick<Cast, "width" | "height">), outputs };
}

/** Returns the text of a recording that only adds lines, without colours. */
export function transcriptOf({ outputs }: Cast): string {
  return Bun.stripANSI(outputs.map(({ text }) => text).join("")).replaceAll("\r\n", "\n");
}

/** Replaces what differs from run to run: durations, and the spaces with which tables make up for their width. */
export function normaliseTranscript(transcript: string): string[] {
  const lines = transcript.trimEnd().split("\n");
  return lines.map((line) =>
    line
      .replaceAll(/\b\d+(?:m\d\d)?s\b/g, "0s")
      .replaceAll(/ +/g, " ")
      .trimEnd(),
  );
}
