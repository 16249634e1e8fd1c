import type { ProgramResult } from "#platform/start/run-program.ts";
import type { ProofSignature } from "#worktrees/proof/envelope.ts";
import {
  findSigningProgram,
  readGitSetting,
  runSigningTool,
  SSH_NAMESPACE,
  summarizeOutput,
  withFiles,
} from "./signing-tools.ts";
import { isSshSignature, sshFingerprint } from "./ssh-signature.ts";

/** Result of a check of a signature. `unknown`: it is intact, but it is not known whose it is, or it could not be checked. */
export interface SignatureVerdict {
  state: "ok" | "failed" | "unknown";
  text: string;
  /** Whether the bytes are those that some key has signed. */
  isIntact: boolean;
}

/**
 * Checks a signature as git would: with the signers and keys that the user's configuration allows.
 * @param folder a folder in which git commands run
 */
export async function verifySignature(
  folder: string,
  signature: ProofSignature,
  bytes: Buffer,
  environment: Record<string, string>,
): Promise<SignatureVerdict> {
  const { armored } = signature;
  if (isSshSignature(armored)) return verifyBySsh(folder, armored, bytes, environment);
  if (armored.startsWith("-----BEGIN PGP SIGNATURE-----")) return verifyByGpg(folder, armored, bytes, environment);
  return failed("its signature is neither one of ssh nor one of OpenPGP");
}

async function verifyBySsh(
  folder: string,
  armored: string,
  bytes: Buffer,
  environment: Record<string, string>,
): Promise<SignatureVerdict> {
  // A repository that came from others must not choose a program that is run.
  const program = await findSigningProgram(undefined, "ssh");
  const allowed = await readGitSetting(folder, "gpg.ssh.allowedSignersFile", "path");
  const revoked = await readGitSetting(folder, "gpg.ssh.revocationFile", "path");
  const fingerprint = sshFingerprint(armored) ?? "an unknown key";
  return withFiles({ signature: armored }, async (pathOf) => {
    const run = (args: readonly string[]) => runSigningTool([program, ...args], { environment, input: bytes });
    const signature = ["-s", pathOf("signature")];
    const intact = await run(["-Y", "check-novalidate", "-n", SSH_NAMESPACE, ...signature]);
    if (intact === undefined) return notChecked(program);
    if (intact.exitCode !== 0) return failed(CHANGED);
    const isIntact = `the signature by ${fingerprint} is intact`;
    if (allowed === undefined) {
      return unknown(`${isIntact}, but the signer is not known (git's gpg.ssh.allowedSignersFile is not set)`, true);
    }
    const found = await run(["-Y", "find-principals", "-f", allowed, ...signature]);
    const principals = found?.exitCode === 0 ? found.stdout.toString().split(/[\n,]/).filter(Boolean) : [];
    for (const principal of principals) {
      const revocation = revoked === undefined ? [] : ["-r", revoked];
      const args = ["-Y", "verify", "-n", SSH_NAMESPACE, "-f", allowed, "-I", principal, ...signature, ...revocation];
      const { exitCode, stderr } = (await run(args)) ?? {};
      if (exitCode === 0) return { state: "ok", text: `signed by ${principal} (${fingerprint})`, isIntact: true };
      if (/revoked/i.test(String(stderr))) return failed(`the key ${fingerprint} of ${principal} was revoked`);
    }
    return failed(`${isIntact}, but ${allowed} does not allow that key`, true);
  });
}

/** Trust in a key, least first, as gpg reports it. */
const TRUST_LEVELS = ["UNDEFINED", "NEVER", "MARGINAL", "FULLY", "ULTIMATE"];

async function verifyByGpg(
  folder: string,
  armored: string,
  bytes: Buffer,
  environment: Record<string, string>,
): Promise<SignatureVerdict> {
  const program = await findSigningProgram(undefined, "openpgp");
  const least = (await readGitSetting(folder, "gpg.minTrustLevel"))?.toUpperCase() ?? "UNDEFINED";
  return withFiles({ signature: armored }, async (pathOf) => {
    const args = ["--keyid-format=long", "--status-fd=1", "--verify", pathOf("signature"), "-"];
    const result = await runSigningTool([program, ...args], { environment, input: bytes });
    return result === undefined ? notChecked(program) : judgeGpg(result, least);
  });
}

function judgeGpg(result: ProgramResult, leastTrust: string): SignatureVerdict {
  const lines = result.stdout.toString().split("\n");
  const find = (keyword: string) => {
    const line = lines.find((each) => each.startsWith(`[GNUPG:] ${keyword}`));
    return line?.split(" ").slice(2).join(" ").trim();
  };
  const signer = (text: string) => text.replace(/^\S+ /, "");
  const [good, bad, trust] = [find("GOODSIG "), find("BADSIG "), find("TRUST_")];
  const fingerprint = find("VALIDSIG ")?.split(" ")[0];
  if (bad !== undefined) return failed(CHANGED);
  if (find("NO_PUBKEY ") !== undefined) {
    return unknown(`the key ${find("NO_PUBKEY ")} is not in gpg's keyring, so its signature was not checked`, false);
  }
  for (const [keyword, what] of [
    ["REVKEYSIG ", "was revoked"],
    ["EXPKEYSIG ", "has expired"],
    ["EXPSIG ", "has expired"],
  ] as const) {
    const found = find(keyword);
    if (found !== undefined) return failed(`the key or signature of ${signer(found)} ${what}`, true);
  }
  if (good === undefined || fingerprint === undefined || result.exitCode !== 0) {
    return failed(`its signature is not valid (${summarizeOutput(result, "gpg")})`);
  }
  const level = /\[GNUPG:\] TRUST_([A-Z]+)/.exec(result.stdout.toString())?.[1] ?? "UNDEFINED";
  const text = `signed by ${signer(good)} (${fingerprint}${trust === undefined ? "" : `, trust: ${level.toLowerCase()}`})`;
  const isTrusted = TRUST_LEVELS.indexOf(level) >= TRUST_LEVELS.indexOf(leastTrust);
  return isTrusted
    ? { state: "ok", text, isIntact: true }
    : unknown(`${text}, which is less than gpg.minTrustLevel`, true);
}

const CHANGED = "its signature does not match: the proof was changed, or something else was signed";

function notChecked(program: string): SignatureVerdict {
  return unknown(`${program} cannot be started, so its signature was not checked`, false);
}

function failed(text: string, isIntact = false): SignatureVerdict {
  return { state: "failed", text, isIntact };
}

function unknown(text: string, isIntact: boolean): SignatureVerdict {
  return { state: "unknown", text, isIntact };
}
