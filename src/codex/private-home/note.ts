import * as v from "valibot";

const DigestSchema = v.object({ size: v.number(), digest: v.string() });

/** What is to be known of a private home once its run is over; kept outside of it, where the run cannot write. */
export const PrivateHomeNoteSchema = v.object({
  /** When it was made, in milliseconds: nothing of its own is older. */
  opened_at: v.number(),
  /** The record of the session that the run goes on with, as it was: its path within `sessions`, size and digest. */
  resumed: v.exactOptional(v.object({ path: v.string(), ...DigestSchema.entries })),
  /** The login that was copied because it is to be renewed, as it was. */
  login: v.exactOptional(DigestSchema),
});

/** See {@link PrivateHomeNoteSchema}. */
export type PrivateHomeNote = v.InferOutput<typeof PrivateHomeNoteSchema>;

/** Something that a run did to what Codex keeps, and must not have. */
export interface HomeViolation {
  /** Below CODEX_HOME. */
  path: string;
  /** In words. */
  change: string;
}

/** What came of the end of a private home. */
export interface HomeFindings {
  violations: HomeViolation[];
  notes: string[];
}
