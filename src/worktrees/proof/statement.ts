import { isAbsolute } from "node:path";
import * as v from "valibot";
import { isTaskId } from "#domain/names.ts";

/** Type of in-toto's statements. */
export const STATEMENT_TYPE = "https://in-toto.io/Statement/v1";
/** Type of this program's predicates; a change that readers of this version would misunderstand gets a new one. */
export const PREDICATE_TYPE = "https://github.com/codex-mcp-server/codex-mcp-server/proof/v1";

const hash = v.pipe(v.string(), v.regex(/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/));
const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const shortText = v.pipe(v.string(), v.maxLength(4096));
const count = v.pipe(v.number(), v.minValue(0));

/** Returns whether a path stays in the folder that it starts from. */
function isBelow(path: string): boolean {
  return !path.includes("\0") && !isAbsolute(path) && !path.split(/[\\/]/).includes("..");
}

const CommitSchema = v.object({ gitCommit: hash, gitTree: hash });

const SubjectSchema = v.object({
  name: shortText,
  digest: v.union([CommitSchema, v.object({ sha256 })]),
});

const usage = v.object({
  input_tokens: count,
  cached_input_tokens: count,
  output_tokens: count,
  reasoning_output_tokens: count,
});

/** Schema of the facts of a proof. What the server has seen itself is apart from what Codex has reported. */
const PredicateSchema = v.object({
  task: v.object({ id: v.pipe(v.string(), v.check(isTaskId, "is no task id")), run: count, topic: shortText }),
  /** Request of the run. */
  request: v.object({
    prompt_sha256: v.exactOptional(sha256),
    prompt: v.exactOptional(v.string()),
    sandbox: v.picklist(["read-only", "workspace-write", "full-access"]),
    network: v.exactOptional(v.boolean()),
    approvals: v.exactOptional(v.literal("ask")),
    model: v.exactOptional(shortText),
    reasoning_effort: v.exactOptional(shortText),
    profile: v.exactOptional(shortText),
    review: v.exactOptional(shortText),
    resumes: v.exactOptional(shortText),
  }),
  /** Facts that the server has seen itself. */
  observed: v.object({
    status: v.picklist(["completed", "failed", "cancelled"]),
    code: v.exactOptional(shortText),
    started_at: shortText,
    ended_at: shortText,
    seconds: count,
    exit_code: v.exactOptional(v.number()),
    codex: v.object({
      engine: v.picklist(["exec", "app-server"]),
      program_sha256: v.exactOptional(sha256),
    }),
    base: v.exactOptional(CommitSchema),
    branch: v.exactOptional(shortText),
    /** Number of files that were not committed at the end, and so are not in the subject. */
    uncommitted_files: v.exactOptional(count),
    check: v.exactOptional(
      v.object({
        command: v.pipe(v.string(), v.maxLength(65_536)),
        folder: v.exactOptional(v.pipe(shortText, v.check(isBelow, "leads out of the working tree"))),
        passed: v.boolean(),
        exit_code: v.exactOptional(v.number()),
        attempts: count,
        seconds: count,
        commit: v.exactOptional(hash),
      }),
    ),
    audit: v.exactOptional(
      v.object({
        verdict: v.picklist(["CLEAN", "UNVERIFIED", "VIOLATION"]),
        violations: count,
        enforcement: v.picklist(["landlock", "none"]),
        landlock_abi: v.exactOptional(count),
        seccomp: v.exactOptional(v.boolean()),
        capabilities_dropped: v.exactOptional(v.boolean()),
      }),
    ),
    merge: v.exactOptional(CommitSchema),
  }),
  /** Facts that Codex has reported about itself, and that the server could not see. */
  reported_by_codex: v.object({
    version: v.exactOptional(shortText),
    model: v.exactOptional(shortText),
    session: v.exactOptional(shortText),
    /** Sandbox that Codex was started with, and sets up itself. */
    sandbox: v.exactOptional(shortText),
    usage: v.exactOptional(usage),
    result_sha256: v.exactOptional(sha256),
    review: v.exactOptional(
      v.object({ verdict: v.exactOptional(v.picklist(["correct", "incorrect"])), findings: count }),
    ),
  }),
  made_by: v.object({ name: shortText, version: shortText, commit: v.exactOptional(shortText), made_at: shortText }),
});

/** Schema of a statement of this program. Fields of later versions are ignored. */
export const StatementSchema = v.object({
  _type: v.literal(STATEMENT_TYPE),
  subject: v.pipe(v.array(SubjectSchema), v.minLength(1), v.maxLength(10)),
  predicateType: v.literal(PREDICATE_TYPE),
  predicate: PredicateSchema,
});

/** Statement of what a run was asked, did and was checked for, in in-toto's form. */
export type Statement = v.InferOutput<typeof StatementSchema>;

/** Commit with its tree. */
export type CommitDigest = v.InferOutput<typeof CommitSchema>;

/** Returns the commit that a statement is about; undefined if it is about a result only. */
export function subjectCommit({ subject: [first] }: Statement): CommitDigest | undefined {
  return first !== undefined && "gitCommit" in first.digest ? first.digest : undefined;
}
