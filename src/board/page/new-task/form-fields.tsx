import type { ComponentChildren, RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { VisibleText } from "#board/page/parts/visible-text.tsx";
import { makeVisible } from "#base/visible-text.ts";
import type { Sandbox } from "#domain/record.ts";

/** Properties of a field. */
export interface FieldProps {
  name: string;
  label: string;
  hint?: ComponentChildren;
  /** Reason why its value is not accepted. */
  fault: string | undefined;
  value: string;
  onChange: (value: string) => void;
  disabled?: boolean;
}

/** Shows a label, its field, and what is wrong with it. */
function Field({
  name,
  label,
  hint,
  fault,
  children,
}: Omit<FieldProps, "value" | "onChange"> & { children: ComponentChildren }) {
  return (
    <div class="field">
      <label for={`new-${name}`}>{label}</label>
      {children}
      {hint !== undefined && (
        <p class="field-hint" id={`new-${name}-hint`}>
          {hint}
        </p>
      )}
      {fault !== undefined && (
        <p class="field-fault" id={`new-${name}-fault`} role="alert">
          <VisibleText text={fault} />
        </p>
      )}
    </div>
  );
}

/** Returns the attributes that join a field to its label, hint and fault. */
function attributesOf({ name, hint, fault }: Pick<FieldProps, "name" | "hint" | "fault">) {
  const described = [hint !== undefined && `new-${name}-hint`, fault !== undefined && `new-${name}-fault`].filter(
    Boolean,
  );
  return {
    id: `new-${name}`,
    name,
    "aria-invalid": fault !== undefined,
    "aria-describedby": described.length === 0 ? undefined : described.join(" "),
  };
}

/** Shows a field for one line, which offers values. */
export function TextField(
  props: FieldProps & {
    placeholder?: string;
    offered?: readonly string[];
    type?: "text" | "number";
    max?: number;
    isCode?: boolean;
  },
) {
  const { value, onChange, placeholder, type = "text", max, disabled, isCode } = props;
  // The browser shows them as they are.
  const offered = (props.offered ?? []).filter((each) => makeVisible(each) === each);
  const list = offered.length === 0 ? undefined : `new-${props.name}-list`;
  return (
    <Field {...props}>
      <input
        {...attributesOf(props)}
        type={type}
        {...(type === "number" && { min: 1, max })}
        class={isCode === true ? "code" : undefined}
        value={value}
        placeholder={placeholder}
        disabled={disabled}
        list={list}
        autocomplete="off"
        spellcheck={false}
        onInput={({ currentTarget }) => onChange(currentTarget.value)}
      />
      {list !== undefined && (
        <datalist id={list}>
          {offered.map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
      )}
    </Field>
  );
}

/** Shows a field for several lines that grows with its text. */
export function PromptField({ field, ...props }: FieldProps & { field: RefObject<HTMLTextAreaElement | null> }) {
  useLayoutEffect(() => {
    const area = field.current;
    if (area === null) return;
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight + 2}px`;
  }, [props.value]);
  return (
    <Field {...props}>
      <textarea
        {...attributesOf(props)}
        ref={field}
        rows={5}
        value={props.value}
        disabled={props.disabled}
        placeholder="What should Codex do? Name files, limits, and how to tell that it is done."
        onInput={({ currentTarget }) => props.onChange(currentTarget.value)}
      />
    </Field>
  );
}

/** Value of the list of repositories for a folder that is not in it. */
const OTHER = "other";

/** Shows the choice of a repository: one that tasks have used, or a path. */
export function RepositoryField(
  props: FieldProps & {
    known: readonly { path: string; name: string }[];
    isOther: boolean;
    onOther: (isOther: boolean) => void;
  },
) {
  const { known, value, isOther, onChange, onOther, disabled } = props;
  const path = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (value === "") path.current?.focus();
  }, []);
  const choose = (chosen: string) => {
    onOther(chosen === OTHER);
    if (chosen !== OTHER) onChange(known[Number(chosen)]?.path ?? "");
  };
  const index = known.findIndex((each) => each.path === value);
  const attributes = attributesOf(props);
  const entry = (
    <input
      {...attributes}
      {...(known.length > 0 && { id: `${attributes.id}-path`, "aria-label": "Path of the folder" })}
      ref={path}
      class="code"
      value={value}
      placeholder="/home/me/project"
      disabled={disabled}
      autocomplete="off"
      spellcheck={false}
      onInput={({ currentTarget }) => onChange(currentTarget.value)}
    />
  );
  if (known.length === 0) return <Field {...props}>{entry}</Field>;
  return (
    <Field {...props}>
      <select
        {...attributes}
        disabled={disabled}
        value={isOther || index === -1 ? OTHER : String(index)}
        onChange={({ currentTarget }) => choose(currentTarget.value)}
      >
        {known.map((each, at) => (
          <option key={each.path} value={String(at)}>
            {makeVisible(each.name === each.path ? each.name : `${each.name}  –  ${each.path}`)}
          </option>
        ))}
        <option value={OTHER}>Another folder…</option>
      </select>
      {(isOther || index === -1) && entry}
    </Field>
  );
}

/** Kinds of access, with what they mean. */
const SANDBOX_TEXTS: readonly (readonly [sandbox: Sandbox, name: string, meaning: string])[] = [
  ["read-only", "Read only", "Codex reads and reports. It changes no file."],
  [
    "workspace-write",
    "Change files",
    "Codex works in a branch and worktree of its own, inside its sandbox, without network.",
  ],
  ["full-access", "Full access", "No sandbox: Codex can do whatever you can do on this machine."],
];

/** Shows the choice of the access that Codex has. */
export function SandboxField({
  value,
  onChange,
  disabled,
}: {
  value: Sandbox;
  onChange: (sandbox: Sandbox) => void;
  disabled: boolean;
}) {
  return (
    <fieldset class="sandboxes" disabled={disabled}>
      <legend>Sandbox</legend>
      {SANDBOX_TEXTS.map(([sandbox, name, meaning]) => (
        <label key={sandbox} class={sandbox === value ? "sandbox chosen" : "sandbox"}>
          <input
            type="radio"
            name="sandbox"
            value={sandbox}
            checked={sandbox === value}
            onChange={() => onChange(sandbox)}
          />
          <span>
            <b>{name}</b> <code class="weak">{sandbox}</code>
            <span class={sandbox === "full-access" ? "sandbox-text danger-text" : "sandbox-text"}>{meaning}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
