/** Text that starts a further turn in the session of a run. */
export interface FollowUp {
  /** Name by which the turn is recognised; it stays the same when another supervisor asks for the follow-up again. */
  id: string;
  text: string;
}

/** Turn of a run that has ended. */
export interface EndedTurn {
  /** Whether Codex completed it; false if it failed, or was interrupted for a message. */
  isCompleted: boolean;
  /** Whether a person has interrupted it, and so waits for what follows. */
  isInterrupted?: boolean;
  /** Whether Codex starts the next turn by itself, because it pursues a goal. */
  isPursued?: boolean;
  /** Signal that aborts when another turn has begun, by a person or by Codex itself. */
  superseded?: AbortSignal;
  /** Whether no turn may follow, because the tokens are used. What a source returns then is not started, and need not be waited for. */
  isLast?: boolean;
  /** Last message of Codex in the run so far. */
  lastMessage: string | undefined;
}

/** Source of the further turns of a run. */
export interface FollowUps {
  /** Returns what follows a turn; undefined if the run is over. */
  next: (turn: EndedTurn) => Promise<FollowUp | undefined>;
  /** Records that Codex has a follow-up: its turn has started. */
  started: (followUp: FollowUp) => void;
}
