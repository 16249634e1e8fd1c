/** Side of a difference: before or after the change. */
export type Side = "old" | "new";

/** Lines of a file on one side of a difference. */
export interface LineRange {
  path: string;
  side: Side;
  first: number;
  last: number;
}

/** Comment on lines. */
export interface LineComment extends LineRange {
  id: string;
  /** The lines when the comment was written. */
  quoted: string[];
  text: string;
}
