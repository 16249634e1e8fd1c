import { useEffect, useState } from "preact/hooks";
import type { MergeBody, MergePreview } from "#board/api/actions.ts";
import type { TaskActions } from "#board/page/source/page-source.ts";
import { toRequestError } from "#board/page/source/request-error.ts";

/** Returns the effect of a merge by a strategy, as soon as it is known. */
export function useMergePreview(
  actions: Pick<TaskActions, "previewMerge">,
  id: string,
  strategy: MergeBody["strategy"],
  into = "",
): MergePreview | undefined {
  const [preview, setPreview] = useState<MergePreview>();
  useEffect(() => {
    let isWanted = true;
    setPreview(undefined);
    actions
      .previewMerge(id, { strategy })
      .catch((error: unknown): MergePreview => {
        const { code, message, hint } = toRequestError(error);
        return { into, outcome: "refused", conflicts: [], failure: { code, message, hint } };
      })
      .then((found) => isWanted && setPreview(found))
      .catch(() => {});
    return () => {
      isWanted = false;
    };
  }, [actions, id, strategy]);
  return preview;
}
