/** Moments at which a message is to reach a task: in its running turn, after it, or instead of it. */
export const MESSAGE_TIMES = ["now", "after", "instead"] as const;

/** Message to a running task. */
export interface TaskMessage {
  id: string;
  text: string;
  when: (typeof MESSAGE_TIMES)[number];
}

/** Ways in which a message reaches a task: in the running turn, in a turn of its own that comes next, or in one that replaces the running turn. */
export const DELIVERIES = ["steered", "queued", "replaced"] as const;

/** See {@link DELIVERIES}. */
export type Delivery = (typeof DELIVERIES)[number];

/** States of a message: Codex has not read it yet, has read it, or has not read it and will not. */
export const MESSAGE_STATES = ["waiting", "delivered", "undelivered"] as const;

/** Message in the record of a task, and what became of it. */
export interface MessageRecord extends TaskMessage {
  /** The text, or the beginning of a long one. */
  text: string;
  sent_at: string;
  state: (typeof MESSAGE_STATES)[number];
  /** Way in which it reached the task, or was to reach it. */
  delivery?: Delivery;
  /** Reason why it was not delivered. */
  why?: string;
}
