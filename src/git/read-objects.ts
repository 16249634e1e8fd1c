import { gitBytes } from "./git.ts";

/**
 * Reads objects by one git command, in this order.
 * @param maxOutputBytes limit of their contents together, with a line for each
 * @returns undefined in the place of an object that is missing
 * @throws AppError as `git` does
 */
export async function readObjects(
  repository: string,
  objects: readonly string[],
  maxOutputBytes: number,
): Promise<(Buffer | undefined)[]> {
  if (objects.length === 0) return [];
  const input = Buffer.from(objects.map((object) => `${object}\n`).join(""));
  const answer = await gitBytes(repository, ["cat-file", "--batch"], { input, maxOutputBytes });
  let at = 0;
  // Each comes as `name type size`, a line end, the content, a line end; a missing one as `name missing`, a line end.
  return objects.map(() => {
    const begin = answer.indexOf("\n", at) + 1;
    const size = answer.subarray(at, begin).toString().split(" ")[2];
    const end = begin + Number(size ?? 0);
    at = size === undefined ? begin : end + 1;
    return size === undefined ? undefined : answer.subarray(begin, end);
  });
}
