import { readFileBounded } from "#platform/files/read-file.ts";
import type { ProofSignature } from "#worktrees/proof/envelope.ts";
import {
  findSigningProgram,
  readGitSetting,
  runSigningTool,
  signingFailed,
  SSH_NAMESPACE,
  summarizeOutput,
  withFiles,
} from "./signing-tools.ts";
import { sshFingerprint } from "./ssh-signature.ts";

/** Key with which the user signs commits. */
export interface SigningKey {
  format: "ssh" | "openpgp";
  key: string;
}

/**
 * Returns the user's signing key, as git's configuration names it; undefined if it names none.
 * @param folder a folder in which git commands run
 * @throws AppError `signing_failed` for a format that is not supported
 */
export async function findSigningKey(folder: string): Promise<SigningKey | undefined> {
  const format = (await readGitSetting(folder, "gpg.format")) ?? "openpgp";
  const key = await readGitSetting(folder, "user.signingKey", format === "ssh" ? "path" : undefined);
  if (key === undefined) return undefined;
  if (format === "ssh" || format === "openpgp") return { format, key };
  throw signingFailed(`gpg.format is ${format}, and only ssh and openpgp are supported`);
}

/**
 * Signs bytes with a key.
 * @throws AppError `signing_failed`
 */
export async function signBytes(
  folder: string,
  { format, key }: SigningKey,
  bytes: Buffer,
  environment: Record<string, string>,
): Promise<ProofSignature> {
  const program = await findSigningProgram(folder, format);
  return format === "ssh" ? signBySsh(program, key, bytes, environment) : signByGpg(program, key, bytes, environment);
}

const MAX_SIGNATURE_BYTES = 256 * 1024;

/** Signs as git does: with a file, because other programs than ssh-keygen take nothing else. */
async function signBySsh(
  program: string,
  key: string,
  bytes: Buffer,
  environment: Record<string, string>,
): Promise<ProofSignature> {
  // A key itself, instead of its path: an agent has the private one.
  const literal = key.startsWith("key::") ? key.slice("key::".length) : key.startsWith("ssh-") ? key : undefined;
  const files = { bytes, ...(literal !== undefined && { "key.pub": `${literal}\n` }) };
  return withFiles(files, async (pathOf) => {
    const keyFile = literal === undefined ? key : pathOf("key.pub");
    const args = ["-Y", "sign", "-n", SSH_NAMESPACE, "-f", keyFile, ...(literal === undefined ? [] : ["-U"])];
    const result = await runSigningTool([program, ...args, pathOf("bytes")], { environment });
    const signed = readFileBounded(pathOf("bytes.sig"), { maxBytes: MAX_SIGNATURE_BYTES });
    if (result?.exitCode !== 0 || !("bytes" in signed)) throw signingFailed(summarizeOutput(result, program));
    const armored = signed.bytes.toString("latin1");
    return { keyid: sshFingerprint(armored) ?? "", armored };
  });
}

async function signByGpg(
  program: string,
  key: string,
  bytes: Buffer,
  environment: Record<string, string>,
): Promise<ProofSignature> {
  const result = await runSigningTool([program, "--status-fd=2", "-bsau", key], { environment, input: bytes });
  const [, fingerprint] = /^\[GNUPG:\] SIG_CREATED .* ([0-9A-F]{16,64})\s*$/m.exec(String(result?.stderr)) ?? [];
  if (result?.exitCode !== 0 || fingerprint === undefined) throw signingFailed(summarizeOutput(result, program));
  return { keyid: fingerprint, armored: result.stdout.toString("latin1") };
}
