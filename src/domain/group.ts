/** Maximum number of tries at one prompt. */
export const MAX_TRIES = 10;

/** Place of a task among several tries at one prompt. */
export interface TaskGroup {
  /** Name of the group. */
  id: string;
  /** Number of this try, starting at 1. */
  number: number;
  /** Number of tries. */
  of: number;
}
