import { isAbsolute, normalize, relative } from "node:path";
import { type ReviewFinding, type ReviewAnswer, type ReviewFacts, sortFindings } from "#domain/finding.ts";
import type { ChangedFile } from "#git/changes/changed-lines.ts";
import { toByteName } from "#git/byte-names.ts";
import { unquotePath } from "#git/quote-path.ts";

/** Diff that findings are checked against. */
export interface ReviewedDiff {
  /** Top of the working tree: paths of findings may be absolute. */
  top: string;
  files: readonly ChangedFile[];
}

/**
 * Separates findings about lines of a diff from all others. A path is taken for a changed file only if it names it; lines are cut to
 * the hunk in which they begin, or to the only hunk that they touch.
 */
export function placeFindings({ findings, ...answer }: ReviewAnswer, { top, files }: ReviewedDiff): ReviewFacts {
  const index = new FileIndex(top, files);
  const inside: ReviewFinding[] = [];
  const outside: ReviewFinding[] = [];
  for (const finding of findings) {
    const file = index.find(finding.path);
    const placed = file === undefined ? undefined : placeIn(file, finding);
    if (placed !== undefined) inside.push(placed);
    else outside.push(file === undefined ? finding : { ...finding, path: file.path });
  }
  return {
    ...answer,
    findings: sortFindings(inside),
    ...(outside.length > 0 && { outside_diff: sortFindings(outside) }),
  };
}

/** Places a finding in a changed file. @returns undefined if its lines are not in the diff */
function placeIn(file: ChangedFile, finding: ReviewFinding): ReviewFinding | undefined {
  const { first_line: first, last_line: last = first, ...rest } = finding;
  const whole = { ...rest, path: file.path };
  // Such a file has no lines that could be outside of the diff.
  if (file.isOpaque || first === undefined || last === undefined) return whole;
  const touched = file.hunks.filter(([start, end]) => start <= last && first <= end);
  const own = touched.find(([start, end]) => start <= first && first <= end);
  const hunk = own ?? (touched.length === 1 ? touched[0] : undefined);
  if (hunk === undefined) return undefined;
  const lines = { first_line: Math.max(first, hunk[0]), last_line: Math.min(last, hunk[1]) };
  const isCut = lines.first_line !== first || lines.last_line !== last;
  return { ...whole, ...lines, ...(isCut && { reported_lines: `${first}-${last}` }) };
}

/** Changed files by the spellings of their paths. */
class FileIndex {
  readonly #top: string;
  /** The file of each spelling; undefined if several files have it. */
  readonly #files = new Map<string, ChangedFile | undefined>();
  readonly #names: ReadonlyMap<string, ChangedFile>;

  constructor(top: string, files: readonly ChangedFile[]) {
    this.#top = top;
    this.#names = new Map(files.map((file) => [file.name, file]));
    for (const file of files) {
      for (const spelling of new Set([file.path, file.path.normalize("NFC")])) {
        this.#files.set(spelling, this.#files.has(spelling) ? undefined : file);
      }
    }
  }

  /** Returns the file that a path names, in the form of git, of its patches, or of the file system; undefined if none, or several. */
  find(path: string): ChangedFile | undefined {
    const exact = this.#names.get(toByteName(path));
    if (exact !== undefined) return exact;
    const trimmed = path.trim();
    const forms = [trimmed, normalize(trimmed), this.#relativeTo(trimmed)].filter((form) => form !== undefined);
    for (const form of forms) {
      const file =
        this.#names.get(toByteName(form)) ??
        this.#files.get(form.normalize("NFC")) ??
        this.#names.get(unquotePath(form));
      if (file !== undefined) return file;
    }
    // A patch has the sides of a comparison before its paths: a and b or, with diff.mnemonicPrefix, others.
    const [, rest] = /^"?[abciow]\/(.+)$/s.exec(trimmed) ?? [];
    if (rest === undefined) return undefined;
    const quoted = trimmed.startsWith('"') ? `"${rest}` : rest;
    return this.#files.get(rest.normalize("NFC")) ?? this.#names.get(unquotePath(quoted));
  }

  #relativeTo(path: string): string | undefined {
    if (!isAbsolute(path)) return undefined;
    const inside = relative(this.#top, path);
    return inside === "" || inside.startsWith("..") ? undefined : inside;
  }
}
