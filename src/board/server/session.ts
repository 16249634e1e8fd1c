import { timingSafeEqual } from "node:crypto";
import { sha256 } from "#base/digest.ts";

/** Sessions of one board: the token in the address that it prints, and the tokens of earlier boards whose pages may still be open. */
export class BoardSessions {
  /** Token of this board: every browser that has it may use it. */
  readonly token = randomToken();
  readonly #digests: readonly string[];

  /** @param earlier digests of the tokens of earlier boards: see {@link digest} */
  constructor(earlier: readonly string[] = []) {
    this.#digests = [this.digest, ...earlier];
  }

  /** Returns the digest by which a later board recognizes this one's cookie: neither that nor the token is in a file. */
  get digest(): string {
    return sha256(cookieOf(this.token));
  }

  /** Returns whether a cookie is that of this board or an earlier one. */
  accepts(cookie: string): boolean {
    const digest = sha256(cookie);
    return this.#digests.some((each) => isSame(each, digest));
  }
}

/**
 * Returns the value of the cookie of a browser that has a token. The token cannot be found from it: browsers send cookies to the servers
 * at all ports of a host, which may be those of other users.
 */
export function cookieOf(token: string): string {
  return sha256(`cookie ${token}`);
}

/** Compares two secrets in a time that does not depend on where they differ. */
function isSame(a: string, b: string): boolean {
  const [one, other] = [Buffer.from(a), Buffer.from(b)];
  return one.length === other.length && timingSafeEqual(one, other);
}

function randomToken(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url");
}
