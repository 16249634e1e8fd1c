import type { RefObject } from "preact";
import { useState } from "preact/hooks";
import type { SendBody } from "#board/api/actions.ts";
import type { TaskPageData } from "#board/api/task.ts";
import { type RequestError, toRequestError } from "#board/page/source/request-error.ts";
import { hasEnded } from "#board/api/card.ts";
import { describeDelivery } from "#board/page/task/describe-task.ts";
import { FailureText } from "#board/page/parts/failure-text.tsx";
import { VisibleText } from "#board/page/parts/visible-text.tsx";

/** Moments at which a message reaches a task, with what they mean. */
const TIMES: Record<SendBody["when"], { name: string; meaning: string }> = {
  now: { name: "Now", meaning: "Codex reads it within its running turn" },
  after: { name: "After", meaning: "a turn of its own, when the running one has ended" },
  instead: { name: "Instead", meaning: "interrupts the running turn first" },
};

/** Properties of the field for messages. */
interface ComposerProps {
  task: TaskPageData;
  isLive: boolean;
  text: string;
  onText: (text: string) => void;
  onSend: (body: SendBody) => Promise<void>;
  field: RefObject<HTMLTextAreaElement | null>;
}

/** Shows the messages sent to a task, and a field for the next one: to its run, or for the next run of its session. */
export function Composer({ task, isLive, text, onText, onSend, field }: ComposerProps) {
  const times = task.message_times ?? ["now", "after", "instead"];
  const [wanted, setWhen] = useState<SendBody["when"]>();
  const when = wanted !== undefined && times.includes(wanted) ? wanted : (times[0] ?? "now");
  const [isSending, setSending] = useState(false);
  const [failure, setFailure] = useState<RequestError>();
  const isNext = hasEnded(task.card);
  const mayContinue = task.actions.includes(isNext ? "resume" : "send");
  if (!mayContinue) return <p class="weak composer">This task cannot be continued: it has no session.</p>;
  const send = async () => {
    if (text.trim() === "" || isSending || !isLive) return;
    setSending(true);
    setFailure(undefined);
    try {
      await onSend({ message: text, when });
      onText("");
    } catch (error) {
      setFailure(toRequestError(error));
    } finally {
      setSending(false);
    }
  };
  return (
    <form
      class="composer"
      aria-label={isNext ? "Continue this task" : "Message to this task"}
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <SentMessages task={task} onAgain={onText} />
      <textarea
        ref={field}
        rows={2}
        value={text}
        aria-label={isNext ? "Message for the next run" : "Message to Codex"}
        placeholder={
          isNext
            ? "Continue: a message for the next run (Ctrl+Enter starts it)"
            : "Message to Codex (Ctrl+Enter sends it)"
        }
        onInput={({ currentTarget }) => onText(currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            void send();
          } else if (event.key === "Escape") event.currentTarget.blur();
        }}
      />
      {failure !== undefined && <FailureText failure={failure} />}
      <div class="buttons">
        {!isNext && <TimeChoice times={times} when={when} onWhen={setWhen} isQueued={task.card.status === "queued"} />}
        <button type="submit" class="primary" disabled={!isLive || isSending || text.trim() === ""}>
          {isNext ? "Continue" : "Send"}
        </button>
      </div>
    </form>
  );
}

/** Properties of the choice of a moment. */
interface TimeChoiceProps {
  times: readonly SendBody["when"][];
  when: SendBody["when"];
  onWhen: (when: SendBody["when"]) => void;
  isQueued: boolean;
}

function TimeChoice({ times, when, onWhen, isQueued }: TimeChoiceProps) {
  const meaning = isQueued && when === "now" ? "Codex reads it with its first turn" : TIMES[when].meaning;
  return (
    <fieldset class="times">
      <legend class="visually-hidden">When Codex gets the message</legend>
      {times.map((time) => (
        <label key={time} class={time === when ? "chosen" : ""}>
          <input type="radio" name="when" checked={time === when} onChange={() => onWhen(time)} />
          {TIMES[time].name}
        </label>
      ))}
      <span class="weak">{meaning}</span>
    </fieldset>
  );
}

/** Largest number of messages that are shown. */
const MAX_SHOWN = 3;

function SentMessages({ task, onAgain }: { task: TaskPageData; onAgain: (text: string) => void }) {
  const shown = task.messages.filter(({ state }) => state !== "delivered").slice(-MAX_SHOWN);
  const last = task.messages.at(-1);
  const all = last !== undefined && last.state === "delivered" ? [...shown.slice(1 - MAX_SHOWN), last] : shown;
  return (
    <ul class="sent-messages" aria-label="Messages sent" aria-live="polite">
      {all.map((message) => (
        <li key={message.id} class={message.state}>
          <span class="text">
            <VisibleText text={message.text.slice(0, 500).replaceAll(/\s+/g, " ")} />
          </span>
          <span class="weak">
            <VisibleText text={describeDelivery(message)} />
          </span>
          {message.state === "undelivered" && (
            <button type="button" class="quiet" onClick={() => onAgain(message.text)}>
              Write again
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}
