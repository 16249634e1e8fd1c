/** Failure of a request, as the body of its answer has it. */
export interface ApiFailure {
  code: string;
  message: string;
  hint: string;
}

/** Name of the header that requests which change something carry. */
export const ACTION_HEADER = "x-codexmcp-action";

/** Name of the element of the page whose content is the value of {@link ACTION_HEADER}. */
export const ACTION_META = "codexmcp-action";
