import * as v from "valibot";
import { AppError } from "#base/errors.ts";
import { type Statement, StatementSchema } from "./statement.ts";

const PAYLOAD_TYPE = "application/vnd.in-toto+json";

/** Maximum size of a proof in bytes; one with a prompt of 1 MiB is smaller. */
export const MAX_PROOF_BYTES = 16 * 1024 * 1024;

const base64 = v.pipe(v.string(), v.regex(/^[A-Za-z0-9+/_-]*={0,2}$/));

const EnvelopeSchema = v.object({
  payload: base64,
  payloadType: v.string(),
  signatures: v.pipe(v.array(v.object({ keyid: v.optional(v.string(), ""), sig: base64 })), v.maxLength(10)),
});

/** Signed statement: a DSSE envelope. */
export type Envelope = v.InferOutput<typeof EnvelopeSchema>;

/** Signature of an envelope, in the armored form of ssh-keygen or gpg. */
export interface ProofSignature {
  /** Fingerprint of the key; only a hint, because it is not signed. */
  keyid: string;
  armored: string;
}

/** Returns the bytes of a statement that are signed and kept. */
export function encodeStatement(statement: Statement): Buffer {
  return Buffer.from(JSON.stringify(statement));
}

/** Puts the bytes of a statement into an envelope. */
export function makeEnvelope(payload: Buffer, signatures: readonly ProofSignature[]): Envelope {
  return {
    payload: payload.toString("base64"),
    payloadType: PAYLOAD_TYPE,
    signatures: signatures.map(({ keyid, armored }) => ({ keyid, sig: Buffer.from(armored).toString("base64") })),
  };
}

/** Returns the bytes that a signature covers: DSSE's pre-authentication encoding of a payload. */
export function toSignedBytes(payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `), payload]);
}

/** Proof that was read: its statement, and the exact bytes that its signatures cover. */
export interface ReadProof {
  statement: Statement;
  payload: Buffer;
  signatures: ProofSignature[];
}

/**
 * Reads a proof. Anyone may have written the text.
 * @throws AppError `proof_invalid`
 */
export function readProof(text: string): ReadProof {
  const envelope = v.safeParse(v.pipe(v.string(), v.parseJson(), EnvelopeSchema), text);
  if (!envelope.success) throw invalid(`it is not a DSSE envelope (${describeIssue(envelope.issues)})`);
  const { payloadType, payload: encoded, signatures } = envelope.output;
  if (payloadType !== PAYLOAD_TYPE) throw invalid(`its payload has the type ${JSON.stringify(payloadType)}`);
  const payload = Buffer.from(encoded, "base64");
  const statement = v.safeParse(v.pipe(v.string(), v.parseJson(), StatementSchema), decode(payload));
  if (!statement.success) throw invalid(`its statement is malformed (${describeIssue(statement.issues)})`);
  return {
    statement: statement.output,
    payload,
    signatures: signatures.map(({ keyid, sig }) => ({ keyid, armored: Buffer.from(sig, "base64").toString("latin1") })),
  };
}

function decode(payload: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(payload);
  } catch {
    throw invalid("its statement is not UTF-8");
  }
}

function describeIssue(issues: readonly [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]]): string {
  const path = v.getDotPath(issues[0]);
  return path === null ? "not JSON, or not an object" : `${path} is not as expected`;
}

function invalid(why: string): AppError {
  return new AppError(
    "proof_invalid",
    `The proof cannot be read: ${why}.`,
    "Check that it is a whole proof of codex-mcp-server, and that this version is not older than the one that made it.",
  );
}
