const MAGIC = "SSHSIG";
const ARMOR = /^-----BEGIN SSH SIGNATURE-----\n([A-Za-z0-9+/=\n]+)-----END SSH SIGNATURE-----\n?$/;

/** Returns whether a text has the form of an ssh signature. */
export function isSshSignature(armored: string): boolean {
  return ARMOR.test(armored.replaceAll("\r", ""));
}

/**
 * Returns the fingerprint of the key that an ssh signature names, in the form of ssh-keygen; it says nothing about whether the signature
 * holds.
 * @returns undefined if the text is not such a signature
 */
export function sshFingerprint(armored: string): string | undefined {
  const [, encoded] = ARMOR.exec(armored.replaceAll("\r", "")) ?? [];
  if (encoded === undefined) return undefined;
  const bytes = Buffer.from(encoded, "base64");
  // The magic, a version of four bytes, then the public key with its length before it.
  const start = MAGIC.length + 8;
  if (bytes.length < start || bytes.subarray(0, MAGIC.length).toString() !== MAGIC) return undefined;
  const key = bytes.subarray(start, start + bytes.readUInt32BE(start - 4));
  const digest = new Bun.CryptoHasher("sha256").update(key).digest("base64");
  return `SHA256:${digest.replace(/=+$/, "")}`;
}
