import { join } from "node:path";

/** Line of a patch as the board's page has it. */
interface ParsedLine {
  text: string;
}

/** Parser of patches in the board's page. */
export interface PatchParser {
  parsePatch: (text: string) => { unified: readonly ParsedLine[]; split: readonly object[] };
  splitLine: (line: ParsedLine) => { text: string }[];
}

const ROWS = join(import.meta.dir, "../../src/board/page/diff/rows");

/** Loads the parser by a name that the compiler does not follow: its library's types would bring those of browsers into all tests. */
export async function loadPatchParser(): Promise<PatchParser> {
  const [patches, segments]: object[] = await Promise.all([
    import(join(ROWS, "parse-patch.ts")),
    import(join(ROWS, "segments.ts")),
  ]);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  return { ...patches, ...segments } as PatchParser;
}
