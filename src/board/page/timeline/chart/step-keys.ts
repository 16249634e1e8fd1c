import { useMemo, useRef } from "preact/hooks";
import { useKeys } from "#board/page/parts/keys.tsx";
import { keyOfPlaced } from "./bar-link.tsx";
import { listShown } from "./draw-timeline.ts";
import { type DrawnPart } from "./drawn-part.ts";
import type { PlacedRun } from "./lay-out.ts";

/**
 * Gives the timeline the keys that go from run to run, in the order of reading.
 * @param selected key of the run that is chosen
 */
export function useStepKeys(
  part: DrawnPart,
  selected: string | undefined,
  onSelect: (placed: PlacedRun) => void,
): void {
  const latest = useRef({ part, selected, onSelect });
  latest.current = { part, selected, onSelect };
  const keys = useMemo(() => {
    const step = (by: number) => () => {
      const { current } = latest;
      const runs = listShown(current.part);
      const at = runs.findIndex((each) => keyOfPlaced(each) === current.selected);
      const next = at === -1 ? (by > 0 ? 0 : runs.length - 1) : at + by;
      const placed = runs[Math.max(0, Math.min(next, runs.length - 1))];
      if (placed !== undefined) current.onSelect(placed);
    };
    return [
      { key: "j", does: "Next run", run: step(1) },
      { key: "k", does: "Previous run", run: step(-1) },
    ];
  }, []);
  useKeys("Runs", keys);
}
