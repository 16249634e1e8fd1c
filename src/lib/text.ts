/** Cuts a text after so many characters, with an ellipsis for what is missing. */
export function shorten(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength)}…`;
}
