import { gitBytes } from "./git.ts";

/**
 * Reads objects in the given order, with one git command.
 * @param maxOutputBytes maximum total size of their contents, with a line for each
 * @returns the contents; undefined for a missing object
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
  // Each is `name type size`, a line end, the content, a line end; a missing one is `name missing`, a line end.
  return objects.map(() => {
    const begin = answer.indexOf("\n", at) + 1;
    const size = answer.subarray(at, begin).toString().split(" ")[2];
    const end = begin + Number(size ?? 0);
    at = size === undefined ? begin : end + 1;
    return size === undefined ? undefined : answer.subarray(begin, end);
  });
}
