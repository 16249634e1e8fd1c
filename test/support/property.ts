import * as fc from "fast-check";

const RUNS = Number(process.env["PROPERTY_RUNS"] ?? 200);
const SEED = Number(process.env["PROPERTY_SEED"] ?? Date.now() % 1_000_000);

/** Average time that one of RUNS cases may take, far more than any does. */
const MAX_MS_PER_RUN = 150;

/**
 * Returns the parameters with which fast-check examines a property. A failure says how to repeat it.
 * @param cost divides the number of runs, for properties that start programs or read large inputs
 */
export function runs<T>(cost = 1): fc.Parameters<T> {
  return {
    numRuns: Math.max(1, Math.round(RUNS / cost)),
    seed: SEED,
    includeErrorInReport: true,
    // Ends the search for a smaller counterexample, too.
    interruptAfterTimeLimit: RUNS * MAX_MS_PER_RUN,
    markInterruptAsFailure: true,
    reporter: (details) => {
      if (!details.failed) return;
      const repeat = `Repeat with PROPERTY_SEED=${SEED} PROPERTY_RUNS=${RUNS}.`;
      throw new Error(`${fc.defaultReportMessage(details) ?? ""}\n\n${repeat}`);
    },
  };
}

/** Bytes of a file name, or of a part of one, with one character for each byte: odd in every way that a system allows. */
export const byteNames: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    "a",
    "src/main.c",
    "-dash",
    "with space",
    "# branch.oid",
    "1 M. N...",
    '"quoted"',
    "\\",
    "tab\there",
    "new\nline",
  ),
  fc.constantFrom("\t", " ", "\n", "caf\xc3\xa9", "\xff\xfe", "\xe2\x86\x90", "a -> b", "it's", ":(top)x", "* [x]?"),
  fc.uint8Array({ min: 1, minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
);

/** Text of all kinds of characters, lone surrogates not among them. */
export const texts: fc.Arbitrary<string> = fc.string({
  unit: fc.oneof(
    fc.constantFrom("\n", "\t", "\r", '"', "👍🏽", "é", "\u0000", "\u202e"),
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
  ),
});
