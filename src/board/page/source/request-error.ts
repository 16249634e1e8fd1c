import type { ApiFailure } from "#board/api/failure.ts";

/** Failure of a request, in words. */
export class RequestError extends Error {
  readonly code: string;
  readonly hint: string;

  constructor({ code, message, hint }: ApiFailure) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

/** Returns anything that was thrown as the failure of a request. */
export function toRequestError(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  return new RequestError({
    code: "unknown",
    message: error instanceof Error ? error.message : String(error),
    hint: "",
  });
}
