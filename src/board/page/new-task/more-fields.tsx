import { useState } from "preact/hooks";
import type { TaskDraft } from "./draft.ts";
import { TextField } from "./form-fields.tsx";
import type { NewTaskForm } from "./use-new-task.ts";

/** Efforts that models of Codex know. */
const EFFORTS = ["minimal", "low", "medium", "high", "xhigh"];

/** Fields that are folded away until they are needed. */
const KEYS: readonly (keyof TaskDraft)[] = ["model", "reasoning_effort", "topic", "check", "asks"];

/** Shows the settings that most tasks do without. */
export function MoreFields({ form, disabled }: { form: NewTaskForm; disabled: boolean }) {
  const { draft, change, fault } = form;
  const topicFault = fault?.field === "topic" ? fault.message : undefined;
  // Not while it is typed: a field that is emptied would fold the part away.
  const [isUsed] = useState(() => KEYS.some((key) => draft[key] !== "" && draft[key] !== false));
  const [isOpen, setOpen] = useState(isUsed);
  return (
    <details
      class="more-fields"
      open={isOpen || topicFault !== undefined}
      onToggle={({ currentTarget }) => setOpen(currentTarget.open)}
    >
      <summary>More</summary>
      <ModelFields form={form} disabled={disabled} />
      <TextField
        name="topic"
        label="Topic"
        hint="Names the task and its branch, in a few words."
        placeholder="from the prompt"
        fault={topicFault}
        value={draft.topic}
        onChange={(topic) => change({ topic })}
        disabled={disabled}
      />
      <CheckFields form={form} disabled={disabled} />
    </details>
  );
}

function ModelFields({ form, disabled }: { form: NewTaskForm; disabled: boolean }) {
  const { draft, change, choices } = form;
  return (
    <div class="field-row">
      <TextField
        name="model"
        label="Model"
        placeholder="as configured"
        fault={undefined}
        offered={choices?.models ?? []}
        value={draft.model}
        onChange={(model) => change({ model })}
        disabled={disabled}
      />
      <TextField
        name="effort"
        label="Reasoning effort"
        placeholder="as configured"
        fault={undefined}
        offered={EFFORTS}
        value={draft.reasoning_effort}
        onChange={(reasoning_effort) => change({ reasoning_effort })}
        disabled={disabled}
      />
    </div>
  );
}

function CheckFields({ form, disabled }: { form: NewTaskForm; disabled: boolean }) {
  const { draft, change } = form;
  const { sandbox } = draft;
  return (
    <>
      <TextField
        name="check"
        label="Check"
        hint={
          sandbox === "read-only"
            ? "A task that only reads has no work to check."
            : "Command that is run on the work after Codex has finished."
        }
        placeholder="npm test"
        fault={undefined}
        isCode
        value={draft.check}
        onChange={(check) => change({ check })}
        disabled={disabled || sandbox === "read-only"}
      />
      <label class="option">
        <input
          type="checkbox"
          checked={draft.asks}
          disabled={disabled || sandbox !== "workspace-write"}
          onChange={({ currentTarget }) => change({ asks: currentTarget.checked })}
        />
        <span>
          Codex may ask for more than its sandbox allows
          {sandbox !== "workspace-write" && <span class="weak"> (only with “Change files”)</span>}
        </span>
      </label>
    </>
  );
}
