import { AppError, type ErrorCode, toFailure } from "#base/errors.ts";

/** Error codes of JSON-RPC and of the protocol. */
export const RPC_CODES = {
  parseError: -32_700,
  invalidRequest: -32_600,
  invalidParams: -32_602,
  methodNotFound: -32_601,
  internal: -32_603,
  /** Code up to 2025-11-25; later revisions use `invalidParams`. */
  resourceNotFound: -32_002,
  missingClientCapability: -32_021,
  unsupportedVersion: -32_022,
} as const;

/** Protocol error. The SDK's own class puts its name and number before the message, and clients do so again. */
export class RpcError extends Error {
  override readonly name = "RpcError";
  readonly code: number;
  readonly data: object | undefined;

  constructor(code: number, message: string, data?: object) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

const NUMBERS: Partial<Record<ErrorCode, number>> = {
  invalid_argument: RPC_CODES.invalidParams,
  unknown_task: RPC_CODES.resourceNotFound,
  nothing_to_read: RPC_CODES.resourceNotFound,
};

/** Converts a failure to the protocol error of a request whose result cannot describe it, that is, any but a tool call. */
export function toRpcError(thrown: unknown): RpcError {
  if (thrown instanceof RpcError) return thrown;
  const { code, message, hint } = toFailure(thrown);
  const number = thrown instanceof AppError ? (NUMBERS[code] ?? RPC_CODES.internal) : RPC_CODES.internal;
  return new RpcError(number, `${message} ${hint}`, { code, hint });
}
