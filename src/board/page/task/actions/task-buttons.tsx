import { compareAddress } from "#board/page/address/addresses.ts";
import { Link } from "wouter-preact";
import type { TaskPageData } from "#board/api/task.ts";
import { ExportButton } from "#board/page/export/export-button.tsx";
import { hasEnded } from "#board/api/card.ts";
import { CopyButton } from "#board/page/parts/copy-button.tsx";
import type { TaskControl } from "./use-task-control.ts";

/** Shows the buttons of the actions that a task allows. */
export function TaskButtons({ task, control, isBoard }: TaskButtonsProps) {
  const { card, attach_command, other_tries = [] } = task;
  const { can, begin, isLive, isBusy } = control;
  const isReview = card.work === "open" && hasEnded(card);
  const button = (action: Parameters<typeof begin>[0], name: string, key: string, kind = "") =>
    can(action) && (
      <button
        type="button"
        class={kind}
        disabled={!isLive || isBusy}
        aria-keyshortcuts={key}
        title={`${name} (${key})`}
        onClick={() => begin(action)}
      >
        {name}
      </button>
    );
  return (
    <div class="buttons task-buttons" role="group" aria-label="Actions">
      {button("merge", "Merge…", "m", isReview ? "primary" : "")}
      {button("discard", "Discard…", "d")}
      {button("restore", "Restore", "u")}
      {button("resume", "Continue", "r")}
      {button("cancel", "Cancel…", "x", "danger")}
      {button("open", "Open in editor", "w")}
      {isBoard && other_tries.length > 0 && card.group !== undefined && (
        <Link class="button" href={compareAddress({ group: [card.group] })}>
          Compare {other_tries.length + 1} tries
        </Link>
      )}
      {isBoard && <ExportButton id={card.id} />}
      {attach_command !== undefined && (
        <CopyButton text={() => attach_command} name="attach command" label="Copy attach command" class="" />
      )}
    </div>
  );
}

/** Properties of the buttons. */
interface TaskButtonsProps {
  task: TaskPageData;
  control: TaskControl;
  isBoard: boolean;
}
