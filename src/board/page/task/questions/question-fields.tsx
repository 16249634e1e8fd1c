import type { FieldValue, QuestionField } from "#domain/question.ts";
import { VisibleText } from "#board/page/parts/visible-text.tsx";

/** Values typed so far, by the names of their fields. */
export type FieldValues = ReadonlyMap<string, FieldValue>;

/** Shows the fields of a question as a form. */
export function QuestionFields({ id, fields, values, onChange }: QuestionFieldsProps) {
  return (
    <div class="fields">
      {fields.map((field) => (
        <FieldInput
          key={field.name}
          id={`${id}-${field.name}`}
          field={field}
          value={values.get(field.name)}
          onChange={(value) => onChange(new Map(values).set(field.name, value))}
        />
      ))}
    </div>
  );
}

/** Properties of the form of a question. */
interface QuestionFieldsProps {
  id: string;
  fields: readonly QuestionField[];
  values: FieldValues;
  onChange: (values: FieldValues) => void;
}

interface FieldProps {
  id: string;
  field: QuestionField;
  value: FieldValue | undefined;
  onChange: (value: FieldValue) => void;
}

function FieldInput(props: FieldProps) {
  const { field } = props;
  const name = (
    <>
      <VisibleText text={field.text || field.name} />
      {field.is_required && <span class="weak"> (required)</span>}
    </>
  );
  const isGroup = field.type === "choices" || field.type === "boolean" || field.type === "choice";
  return isGroup ? (
    <fieldset>
      <legend>{name}</legend>
      <Choices {...props} />
    </fieldset>
  ) : (
    <label>
      <span>{name}</span>
      <TextInput {...props} />
    </label>
  );
}

function TextInput({ field, value, onChange }: FieldProps) {
  const shown = typeof value === "string" || typeof value === "number" ? value : "";
  const onInput = ({ currentTarget }: { currentTarget: HTMLInputElement }) => onChange(currentTarget.value);
  if (field.type === "text") return <input type="text" value={shown} onInput={onInput} />;
  return <input type="number" step={field.type === "integer" ? 1 : "any"} value={shown} onInput={onInput} />;
}

const YES_AND_NO = [
  { value: "true", text: "Yes" },
  { value: "false", text: "No" },
];

function Choices({ id, field, value, onChange }: FieldProps) {
  const options = field.type === "boolean" ? YES_AND_NO : (field.options ?? []);
  const chosen = Array.isArray(value) ? value : value === undefined ? [] : [String(value)];
  const choose = (option: string, isChosen: boolean) => {
    if (field.type === "boolean") onChange(option === "true");
    else if (field.type === "choice") onChange(option);
    else onChange(isChosen ? [...chosen, option] : chosen.filter((each) => each !== option));
  };
  const isOther = typeof value === "string" && !options.some((option) => option.value === value);
  return (
    <>
      {options.map((option) => (
        <label key={option.value} class="option">
          <input
            type={field.type === "choices" ? "checkbox" : "radio"}
            name={id}
            checked={chosen.includes(option.value)}
            onChange={({ currentTarget }) => choose(option.value, currentTarget.checked)}
          />
          <VisibleText text={field.type === "boolean" ? option.text : option.value} />
          {option.text !== option.value && field.type !== "boolean" && (
            <span class="weak">
              <VisibleText text={option.text} />
            </span>
          )}
        </label>
      ))}
      {field.is_open === true && (
        <label class="option">
          Other
          <input
            type="text"
            value={isOther ? value : ""}
            onInput={({ currentTarget }) => onChange(currentTarget.value)}
          />
        </label>
      )}
    </>
  );
}

/** Returns whether all fields that need a value have one. */
export function isComplete(fields: readonly QuestionField[], values: FieldValues): boolean {
  return fields.every(({ name, is_required }) => {
    const value = values.get(name);
    const isEmpty = value === undefined || (typeof value === "string" && value.trim() === "");
    return !is_required || !isEmpty;
  });
}
