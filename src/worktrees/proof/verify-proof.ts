import { findBranchCommit } from "#git/repository/branches.ts";
import { countAheadAndBehind } from "#git/repository/history.ts";
import { sha256 } from "#base/digest.ts";
import { AppError, toFailure } from "#base/errors.ts";
import { formatPlural } from "#base/text.ts";
import { nameCheck } from "#domain/check.ts";
import type { AppContext } from "#tasks/context.ts";
import { isReplaced, readCommitDigest } from "./commit-digest.ts";
import { type ReadProof, readProof, toSignedBytes } from "./envelope.ts";
import { type ReplayOptions, replayCheck } from "./replay.ts";
import { type CommitDigest, type Statement, subjectCommit } from "./statement.ts";
import { verifySignature } from "./signing/verify-signature.ts";

/** State of one claim of a proof. `skipped`: the person does not want it to be checked. */
export type PointState = "ok" | "failed" | "unknown" | "skipped";

/** Claim of a proof, and what became of it. */
export interface ProofPoint {
  name: "form" | "signature" | "subject" | "base" | "merge" | "prompt" | "check";
  state: PointState;
  text: string;
}

/** Result of the verification of a proof. */
export interface VerifiedProof {
  /** `ok` only if everything that the proof claims holds. */
  verdict: Exclude<PointState, "skipped">;
  statement: Statement | undefined;
  points: ProofPoint[];
  /** Further facts for the reader, such as a branch that has moved since. */
  remarks: string[];
}

/** Options of a verification. */
export interface VerifyOptions extends ReplayOptions {
  /** Commit that the proof has to be about, as its subject or as its merge; undefined: any. */
  about: string | undefined;
  /** Repository that has the commits; undefined if there is none. */
  repository: string | undefined;
  /** Whether an unsigned proof, or one by an unknown signer, is accepted. */
  acceptsAnySigner: boolean;
}

/** Verifies a proof, which anyone may have written. */
export async function verifyProof(context: AppContext, text: string, options: VerifyOptions): Promise<VerifiedProof> {
  let proof: ReadProof;
  try {
    proof = readProof(text);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const points: ProofPoint[] = [{ name: "form", state: "failed", text: error.message }];
    return { verdict: "failed", statement: undefined, points, remarks: [] };
  }
  const { statement } = proof;
  const { observed, request } = statement.predicate;
  const points: ProofPoint[] = [{ name: "form", state: "ok", text: "a statement of codex-mcp-server" }];
  points.push(...(await checkSignatures(context, proof, options)), ...(await checkSubjects(statement, options)));
  for (const name of ["base", "merge"] as const) {
    const commit = observed[name];
    if (commit !== undefined) points.push(await checkCommitPoint(name, commit, options.repository));
  }
  if (request.prompt !== undefined) points.push(checkPrompt(request));
  const isSound = points.every(({ state }) => state !== "failed");
  const replayed = await replayPoint(context, statement, options, isSound);
  if (replayed !== undefined) points.push(replayed);
  const isFailed = points.some(({ state }) => state === "failed");
  const isUnknown = points.some(({ state }) => state === "unknown");
  const remarks = await describeRemarks(statement, options.repository);
  return { verdict: isFailed ? "failed" : isUnknown ? "unknown" : "ok", statement, points, remarks };
}

async function checkSignatures(
  { config }: AppContext,
  { payload, signatures }: ReadProof,
  { repository, acceptsAnySigner }: VerifyOptions,
): Promise<ProofPoint[]> {
  const name = "signature";
  if (signatures.length === 0) {
    return [{ name, state: acceptsAnySigner ? "skipped" : "unknown", text: "it is not signed" }];
  }
  const bytes = toSignedBytes(payload);
  const points: ProofPoint[] = [];
  for (const signature of signatures) {
    const verdict = await verifySignature(repository ?? "/", signature, bytes, config.environment);
    const isAccepted = verdict.state === "unknown" && verdict.isIntact && acceptsAnySigner;
    points.push({ name, state: isAccepted ? "ok" : verdict.state, text: verdict.text });
  }
  return points;
}

/** Checks all that a statement is about. Notes can be copied from commit to commit, so it must also be about the one that was asked for. */
async function checkSubjects(
  { subject, predicate }: Statement,
  { about, repository }: VerifyOptions,
): Promise<ProofPoint[]> {
  const name = "subject";
  const points: ProofPoint[] = [];
  for (const { digest } of subject) {
    const text = "it is about a result and not a commit, and this command does not know the result";
    points.push(
      "gitCommit" in digest ? await checkCommitPoint(name, digest, repository) : { name, state: "unknown", text },
    );
  }
  const commits = [...subject.map(({ digest }) => digest), predicate.observed.merge ?? {}];
  if (about === undefined || commits.some((each) => "gitCommit" in each && each.gitCommit === about)) return points;
  return [...points, { name, state: "failed", text: `it is not about commit ${about.slice(0, 12)}, which has it` }];
}

async function checkCommitPoint(
  name: "subject" | "base" | "merge",
  { gitCommit, gitTree }: CommitDigest,
  repository: string | undefined,
): Promise<ProofPoint> {
  const short = `commit ${gitCommit.slice(0, 12)}`;
  if (repository === undefined) return { name, state: "unknown", text: `${short}: there is no repository here` };
  const found = await readCommitDigest(repository, gitCommit);
  if (found === undefined) return { name, state: "unknown", text: `${short} is not in this repository` };
  if (found.gitTree !== gitTree) {
    return { name, state: "failed", text: `${short} has the tree ${found.gitTree.slice(0, 12)}, not the one claimed` };
  }
  if (await isReplaced(repository, found)) {
    return { name, state: "failed", text: `${short} is replaced by another one here (git replace)` };
  }
  return { name, state: "ok", text: `${short} with the tree ${gitTree.slice(0, 12)}` };
}

function checkPrompt({ prompt = "", prompt_sha256 }: Statement["predicate"]["request"]): ProofPoint {
  const isSame = sha256(prompt) === prompt_sha256;
  const text = isSame ? "the prompt has the digest that is claimed" : "the prompt has another digest than claimed";
  return { name: "prompt", state: isSame ? "ok" : "failed", text };
}

async function replayPoint(
  context: AppContext,
  statement: Statement,
  options: VerifyOptions,
  isSound: boolean,
): Promise<ProofPoint | undefined> {
  const name = "check";
  const { check } = statement.predicate.observed;
  if (check === undefined) return undefined;
  const { passed, command, exit_code = 0 } = check;
  if (!passed) return { name, state: "failed", text: `the check ${nameCheck(command)} failed, according to the proof` };
  if (exit_code !== 0) {
    return { name, state: "failed", text: `the proof contradicts itself: passed, with exit status ${exit_code}` };
  }
  if (!isSound) return { name, state: "unknown", text: "it was not run again, because another claim is false" };
  try {
    return { name, ...(await replayCheck(context, statement, check, options)) };
  } catch (error) {
    const { code, message } = toFailure(error);
    if (code === "cancelled") throw error;
    return { name, state: "unknown", text: `it could not be run again: ${message}` };
  }
}

/** Describes facts that are no claims of the proof, but matter to its reader. */
async function describeRemarks(statement: Statement, repository: string | undefined): Promise<string[]> {
  const { observed } = statement.predicate;
  const { branch, uncommitted_files = 0, check } = observed;
  const subject = subjectCommit(statement)?.gitCommit;
  const remarks: string[] = [];
  if (observed.status !== "completed") remarks.push(`According to the proof, the task is ${observed.status}.`);
  if (uncommitted_files > 0) {
    remarks.push(`${formatPlural(uncommitted_files, "file")} had uncommitted changes, which the proof is not about.`);
  }
  if (check?.commit !== undefined && check.commit !== subject) {
    remarks.push(`The check was of commit ${check.commit.slice(0, 12)}, after which the work has changed.`);
  }
  if (repository === undefined || branch === undefined || subject === undefined) return remarks;
  const tip = await findBranchCommit(repository, branch);
  if (tip === undefined || tip === subject) return remarks;
  const isHere = (await readCommitDigest(repository, subject)) !== undefined;
  const { ahead, behind } = isHere ? await countAheadAndBehind(repository, tip, subject) : { ahead: 0, behind: 1 };
  const how = behind > 0 ? "no longer contains this commit" : `has ${formatPlural(ahead, "commit")} more`;
  return [...remarks, `Branch ${branch} has moved since: it ${how}.`];
}
