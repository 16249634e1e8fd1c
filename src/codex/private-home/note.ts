import * as v from "valibot";

const DigestSchema = v.object({ size: v.number(), digest: v.string() });

/** Schema of the facts about a private home that are needed after its run; stored outside it, where the run cannot write. */
export const PrivateHomeNoteSchema = v.object({
  /** Creation time in milliseconds: no file of its own is older. */
  opened_at: v.number(),
  /** Original state of the record of the resumed session: its path within `sessions`, size and digest. */
  resumed: v.exactOptional(v.object({ path: v.string(), ...DigestSchema.entries })),
  /** Paths within `sessions` of the records that were copied from the user's, which are not copied back. */
  sources: v.exactOptional(v.array(v.string())),
  /** Original state of the login that was copied because it is due for renewal. */
  login: v.exactOptional(DigestSchema),
});

/** See {@link PrivateHomeNoteSchema}. */
export type PrivateHomeNote = v.InferOutput<typeof PrivateHomeNoteSchema>;

/** Forbidden change that a run made to Codex's files. */
export interface HomeViolation {
  /** Path below CODEX_HOME. */
  path: string;
  /** Description of the change. */
  change: string;
}

/** Result of closing a private home. */
export interface HomeFindings {
  violations: HomeViolation[];
  notes: string[];
}
