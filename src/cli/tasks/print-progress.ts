import type { LogLine } from "#tasks/follow/follow-log.ts";
import type { EventLine } from "#codex/run/describe.ts";
import { formatEvent } from "#cli/terminal/format-task.ts";
import { formatTimeOfDay } from "#base/format-values.ts";
import { errorTerminalWidth, printErrors } from "#cli/terminal/output.ts";
import { compose, paint } from "#cli/terminal/style.ts";
import { sliceToWidth } from "#cli/terminal/table.ts";

/** Printer of a run's events on stderr, one line each. */
export class ProgressPrinter {
  /** Codex's last message; the run's final one is the result, which is printed on its own. */
  #held: EventLine | undefined;

  show(lines: Iterable<LogLine>): void {
    for (const { event } of lines) {
      if (event === undefined) continue;
      this.#flush();
      if (event.type === "text") this.#held = event;
      else print(event);
    }
  }

  /** Ends the progress. @param hasResult whether the last message is printed as the result */
  finish(hasResult: boolean): void {
    if (!hasResult) this.#flush();
  }

  #flush(): void {
    if (this.#held !== undefined) print(this.#held);
    this.#held = undefined;
  }
}

function print(event: EventLine): void {
  const { text, style } = formatEvent({ ...event, text: event.text.replace(/\s+/g, " ").trim() });
  const line = compose`${paint(formatTimeOfDay(new Date()), "dim")} ${paint(text, style)}`;
  printErrors([sliceToWidth(line, errorTerminalWidth())]);
}
