import type { TimelineState } from "./timeline-view.tsx";
import { panView, SPANS, type TimeView, zoomView } from "./time-view.ts";
import { readServerTime } from "#board/page/state/clock.ts";
import { TableToggle } from "#board/page/parts/table-toggle.tsx";
import { Choice } from "#board/page/parts/choice.tsx";

/** Shows the controls of the timeline. */
export function TimelineToolbar({
  state: { view, by, text, isTable },
  onChange,
  onView,
}: {
  state: TimelineState;
  onChange: (change: Partial<TimelineState>) => void;
  onView: (next: (view: TimeView) => TimeView) => void;
}) {
  return (
    <div class="timeline-toolbar">
      <h1>Timeline</h1>
      <Choice
        label="Time that is shown"
        options={SPANS.map(({ id, name }) => ({ value: id, name }))}
        value={SPANS.find(({ span }) => span === view.span)?.id}
        onChange={(id) => {
          const span = SPANS.find((each) => each.id === id)?.span ?? view.span;
          onView((before) => zoomView(before, span / before.span, readServerTime()));
        }}
      />
      <MoveButtons view={view} onView={onView} />
      <Choice
        label="Lanes"
        options={[
          { value: "repository", name: "By repository" },
          { value: "host", name: "By host" },
        ]}
        value={by}
        onChange={(value) => onChange({ by: value })}
      />
      <input
        type="search"
        aria-label="Filter runs"
        placeholder="Filter"
        value={text}
        onInput={(event) => onChange({ text: event.currentTarget.value })}
      />
      <TableToggle isTable={isTable} onTable={(next) => onChange({ isTable: next })} />
    </div>
  );
}

function MoveButtons({ view, onView }: { view: TimeView; onView: (next: (view: TimeView) => TimeView) => void }) {
  const button = (name: string, sign: string, next: (view: TimeView, now: number) => TimeView) => (
    <button
      type="button"
      aria-label={name}
      title={name}
      onClick={() => onView((before) => next(before, readServerTime()))}
    >
      {sign}
    </button>
  );
  return (
    <div class="timeline-move" role="group" aria-label="Move and zoom">
      {button("Earlier", "←", (before, now) => panView(before, -0.5, now))}
      {button("Later", "→", (before, now) => panView(before, 0.5, now))}
      {button("Zoom out", "−", (before, now) => zoomView(before, 2, now))}
      {button("Zoom in", "+", (before, now) => zoomView(before, 0.5, now))}
      <button
        type="button"
        disabled={view.end === undefined}
        onClick={() => onView(({ span }) => ({ span, end: undefined }))}
      >
        Now
      </button>
    </div>
  );
}
