import { useEffect, useRef, useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { VisibleText } from "#board/page/parts/visible-text.tsx";
import { info } from "#board/page/state/board-state.ts";
import type { TaskDraft } from "./draft.ts";
import { PromptField, RepositoryField, SandboxField, TextField } from "./form-fields.tsx";
import { MoreFields } from "./more-fields.tsx";
import { type NewTaskForm, useNewTask } from "./use-new-task.ts";
import "./new-task.css";

/** Shows the form for a new task. */
export function NewTaskView() {
  const form = useNewTask();
  const { choices, fault, isSending, start } = form;
  const element = useRef<HTMLFormElement>(null);
  const isReadOnly = info.value?.is_read_only === true;
  const disabled = isReadOnly || isSending;
  useEffect(() => {
    if (fault !== undefined) element.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [fault]);
  return (
    <div class="new-task">
      <h1>New task</h1>
      {isReadOnly && (
        <p class="form-note" role="status">
          This board is read-only. Start <code>codex-mcp-server board</code> without <code>--read-only</code> to start
          tasks here.
        </p>
      )}
      <form
        ref={element}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void start();
        }}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
          event.preventDefault();
          if (!disabled && choices !== undefined) void start();
        }}
      >
        {choices === undefined ? (
          <p class="weak">Reading the repositories…</p>
        ) : (
          <Fields form={form} known={choices.repositories} maxTries={choices.max_tries} disabled={disabled} />
        )}
        {fault !== undefined && fault.field === undefined && (
          <p class="field-fault" role="alert">
            <VisibleText text={fault.message} />
          </p>
        )}
        <FormEnd form={form} disabled={disabled} />
      </form>
    </div>
  );
}

function FormEnd({ form, disabled }: { form: NewTaskForm; disabled: boolean }) {
  const { draft, choices, isSending } = form;
  const name = Number(draft.tries) > 1 ? `Start ${Number(draft.tries)} tries` : "Start task";
  return (
    <div class="form-end">
      <button type="submit" class="primary" disabled={disabled || choices === undefined}>
        {isSending ? "Starting…" : name}
      </button>
      <Link href="/" class="button">
        Back to the board
      </Link>
      <span class="weak keys-note">
        <kbd>Ctrl</kbd> <kbd>Enter</kbd> starts
      </span>
    </div>
  );
}

/** Properties of the fields. */
interface FieldsProps {
  form: NewTaskForm;
  known: readonly { path: string; name: string; branches: string[] }[];
  maxTries: number;
  disabled: boolean;
}

function Fields({ form, known, maxTries, disabled }: FieldsProps) {
  const { draft, change, fault } = form;
  const prompt = useRef<HTMLTextAreaElement>(null);
  const [isOther, setOther] = useState(() => !known.some(({ path }) => path === draft.repository));
  useEffect(() => {
    if (draft.repository !== "") prompt.current?.focus();
  }, []);
  const faultOf = (field: keyof TaskDraft) => (fault?.field === field ? fault.message : undefined);
  return (
    <>
      <RepositoryField
        name="repository"
        label="Repository"
        fault={faultOf("repository")}
        known={known}
        isOther={isOther}
        onOther={setOther}
        value={draft.repository}
        onChange={(repository) => change({ repository })}
        disabled={disabled}
      />
      <PromptField
        name="prompt"
        label="Prompt"
        fault={faultOf("prompt")}
        field={prompt}
        value={draft.prompt}
        onChange={(text) => change({ prompt: text })}
        disabled={disabled}
      />
      <SandboxField value={draft.sandbox} onChange={(sandbox) => change({ sandbox })} disabled={disabled} />
      <StartFields form={form} known={known} maxTries={maxTries} disabled={disabled} />
      <MoreFields form={form} disabled={disabled} />
    </>
  );
}

function StartFields({ form: { draft, change, fault }, known, maxTries, disabled }: FieldsProps) {
  const isReading = draft.sandbox === "read-only";
  const faultOf = (field: keyof TaskDraft) => (fault?.field === field ? fault.message : undefined);
  return (
    <div class="field-row">
      <TextField
        name="base"
        label="Base"
        hint={isReading ? "A task that only reads works in the folder itself." : "Branch, tag or commit to start from."}
        placeholder="the checked-out commit"
        fault={faultOf("base")}
        offered={known.find(({ path }) => path === draft.repository)?.branches ?? []}
        isCode
        value={draft.base}
        onChange={(base) => change({ base })}
        disabled={disabled || isReading}
      />
      <TextField
        name="tries"
        label="Tries"
        hint="Tasks with this prompt, to be compared."
        type="number"
        max={maxTries}
        fault={faultOf("tries")}
        value={draft.tries}
        onChange={(tries) => change({ tries })}
        disabled={disabled}
      />
    </div>
  );
}
