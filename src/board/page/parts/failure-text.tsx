import type { ApiFailure } from "#board/api/failure.ts";
import { VisibleText } from "./visible-text.tsx";

/** Properties of a failure. */
export interface FailureProps {
  failure: Pick<ApiFailure, "message" | "hint">;
  /** Tries again; undefined if that is not offered. */
  onRetry?: (() => void) | undefined;
}

/** Shows why something failed, and what to do. */
export function FailureText({ failure: { message, hint }, onRetry }: FailureProps) {
  return (
    <p class="failure" role="alert">
      <VisibleText text={message} /> {hint !== "" && <VisibleText text={hint} />}{" "}
      {onRetry !== undefined && (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </p>
  );
}
