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

  /** Returns the digest by which a later board recognizes this one's token: the token itself is in no file. */
  get digest(): string {
    return sha256(this.token);
  }

  /** Returns whether a token is that of this board or an earlier one. */
  accepts(token: string | undefined): token is string {
    if (token === undefined || token === "") return false;
    const digest = sha256(token);
    return this.#digests.some((each) => isSame(each, digest));
  }
}

/** Returns the value that requests with this token carry as proof that a page of the board sends them; no other page can know it. */
export function actionKeyOf(token: string): string {
  return sha256(`action ${token}`);
}

/** Compares two secrets in a time that does not depend on where they differ. */
export function isSame(a: string, b: string): boolean {
  const [one, other] = [Buffer.from(a), Buffer.from(b)];
  return one.length === other.length && timingSafeEqual(one, other);
}

function randomToken(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url");
}
