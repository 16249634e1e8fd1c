/** Failure of a request, as the body of its answer has it. */
export interface ApiFailure {
  code: string;
  message: string;
  hint: string;
}

/** Name of the header with the token, which all requests for data and actions carry. */
export const KEY_HEADER = "x-codexmcp-key";

/** Name of the parameter that takes the place of {@link KEY_HEADER}: event streams cannot have headers. */
export const KEY_PARAMETER = "key";

/**
 * Name under which the page stores the token. Unlike cookies, which browsers send to all ports of a host, storage belongs to one port, and
 * unlike the page's own state, it is there in other tabs and after a reload.
 */
export const KEY_STORAGE = "codexmcp-board-key";
