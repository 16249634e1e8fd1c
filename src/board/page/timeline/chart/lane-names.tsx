import { VisibleText } from "#board/page/parts/visible-text.tsx";
import type { TimelineLayout } from "./lay-out.ts";

/** Shows the names of the lanes that lie between two heights. */
export function LaneNames({ layout, from, to }: { layout: TimelineLayout; from: number; to: number }) {
  return layout.lanes
    .filter(({ top, height }) => top < to && top + height > from)
    .map(({ key, name, top, height, count }) => (
      <div key={key} class="timeline-lane" style={{ top: `${top}px`, height: `${height}px` }}>
        <h2>
          <VisibleText text={name} />
          <small class="weak">{count}</small>
        </h2>
      </div>
    ));
}
