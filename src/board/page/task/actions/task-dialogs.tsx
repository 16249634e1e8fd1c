import type { TaskPageData } from "#board/api/task.ts";
import { VisibleText } from "#board/page/parts/visible-text.tsx";
import { ConfirmDialog } from "./confirm-dialog.tsx";
import { MergeDialog } from "./merge-dialog.tsx";
import type { TaskControl } from "./use-task-control.ts";

/** Shows the dialog that is open. */
export function TaskDialogs({ task, control }: { task: TaskPageData; control: TaskControl }) {
  const { actions, dialog, isLive, closeDialog } = control;
  if (actions === undefined || dialog === undefined) return null;
  const branch = task.worktree?.branch ?? task.card.id;
  switch (dialog) {
    case "merge":
      return (
        <MergeDialog
          task={task}
          actions={actions}
          isLive={isLive}
          onClose={closeDialog}
          onMerged={control.takeMerge}
          onWrite={control.can("resume") ? control.write : undefined}
        />
      );
    case "discard":
      return (
        <ConfirmDialog
          title="Discard the work?"
          action="Discard"
          isLive={isLive}
          onConfirm={control.discard}
          onClose={closeDialog}
        >
          <p>
            Removes the worktree and the branch <VisibleText text={branch} />. Its commits and its staged, changed,
            untracked and ignored files are saved first: Restore brings them back, for 90 days.
          </p>
        </ConfirmDialog>
      );
    case "cancel":
      return (
        <ConfirmDialog
          title="Cancel the task?"
          action="Cancel the task"
          isLive={isLive}
          onConfirm={control.cancel}
          onClose={closeDialog}
        >
          <p>
            Ends Codex and all processes that it has started. Worktree, branch and log are kept, and the task can be
            continued.
          </p>
        </ConfirmDialog>
      );
  }
}
