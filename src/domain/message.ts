/** Message to a running task: for its turn now, for the turn's end, or instead of the turn. */
export interface TaskMessage {
  id: string;
  text: string;
  when: "now" | "after" | "instead";
}

/** Outcome of a message: it reached the running turn, waits for its end, or replaced it. */
export type Delivery = "steered" | "queued" | "replaced";
