import { DAEMON_PROGRAMS } from "#domain/daemon-programs.ts";
import type { GoalState } from "#domain/goal.ts";
import { subtractUsage, type Usage } from "#domain/usage.ts";
import { type CodexEvent, type CodexItem, isKnownItem } from "./event.ts";

/** State accumulated from the events of one run. */
export interface RunState {
  sessionId: string | undefined;
  /** Last message of Codex so far. */
  lastMessage: string | undefined;
  /** Tokens of the whole session, including earlier runs. */
  sessionUsage: Usage | undefined;
  /** End of the turn; undefined while it lasts. */
  terminal: { kind: "completed" } | { kind: "failed"; message: string } | undefined;
  /** Last state of the goal that Codex pursues, if it has one. */
  goal: GoalState | undefined;
  /** Last error that Codex reported. */
  lastError: string | undefined;
  /**
   * Whether Codex is retrying the network. It repeats this message forever; the message shows that Codex is alive, not that it makes
   * progress.
   */
  isWaitingForNetwork: boolean;
  /** Whether a person has interrupted the turn, and no other has begun. */
  isInterrupted: boolean;
  /** Number of commands for which Codex's sandbox could not be set up, and number of commands that ran. */
  sandboxFailures: number;
  commandsRun: number;
  /** Ids of the commands, patches and calls of MCP tools that have begun in this turn and not ended; the newest {@link MAX_IN_FLIGHT}. */
  inFlight: readonly string[];
  /** Whether one of these has ended since the last message of Codex, so that the model is asked again. */
  hasEndedWork: boolean;
  /** Commands that name a program through which daemons start processes; the first {@link MAX_DAEMON_COMMANDS}. */
  daemonCommands: readonly string[];
  /** Number of turns that Codex has completed. */
  completedTurns: number;
  /** Whether the check of the work is running. */
  isChecking: boolean;
  /** Number of checks of the work since the last turn that have begun and not ended. */
  unendedChecks: number;
  /** Time until which the run waits for its quota; undefined if it does not wait. */
  quotaUntil: string | undefined;
  /** Waits for the quota so far. */
  quota: QuotaState;
  /** Ids of the questions that no one has answered. */
  openQuestions: readonly string[];
  /** Names of the messages that Codex has read; the newest {@link MAX_READ_MESSAGES}. */
  readMessages: readonly string[];
  /** Name of the message that is the prompt of a further process, until its turn begins. */
  nextPrompt: string | undefined;
  /** Whether a turn has begun: a session without one may be replaced by another. */
  hasTurn: boolean;
  /** Session that a further process began instead of continuing the run's. */
  strayedSession: string | undefined;
}

/** Waits of a run for its quota. */
export interface QuotaState {
  /** Number of waits, including one that is not over. */
  waits: number;
  /** Sum of their lengths in seconds, as planned. */
  seconds: number;
  /** Last wait, until the turn begins that follows it. */
  pending: { until: string; message: string } | undefined;
}

const MAX_READ_MESSAGES = 1000;
const MAX_DAEMON_COMMANDS = 50;
const MAX_IN_FLIGHT = 200;
/** Maximum length of a stored command, in characters. */
const MAX_DAEMON_COMMAND_LENGTH = 16 * 1024;
/** Pattern of a command that names one of these programs; the audit determines what it does. */
const DAEMON_PROGRAM = new RegExp(`\\b(?:${DAEMON_PROGRAMS.join("|")})\\b`);

/** State before the first event. */
export const NO_EVENTS: RunState = {
  sessionId: undefined,
  lastMessage: undefined,
  sessionUsage: undefined,
  terminal: undefined,
  goal: undefined,
  lastError: undefined,
  isWaitingForNetwork: false,
  isInterrupted: false,
  completedTurns: 0,
  isChecking: false,
  unendedChecks: 0,
  quotaUntil: undefined,
  quota: { waits: 0, seconds: 0, pending: undefined },
  sandboxFailures: 0,
  commandsRun: 0,
  inFlight: [],
  hasEndedWork: false,
  daemonCommands: [],
  openQuestions: [],
  readMessages: [],
  nextPrompt: undefined,
  hasTurn: false,
  strayedSession: undefined,
};

/** Returns the state after one more event. Events that this version does not know change nothing. */
export function applyEvent(state: RunState, event: CodexEvent): RunState {
  switch (event.type) {
    case "thread.started":
      return isOwnSession(state, event.thread_id)
        ? { ...state, sessionId: event.thread_id }
        : { ...state, strayedSession: event.thread_id };
    case "turn.started":
      return {
        ...withRead(state, state.nextPrompt),
        hasTurn: true,
        terminal: undefined,
        inFlight: [],
        hasEndedWork: false,
        isWaitingForNetwork: false,
        isInterrupted: false,
        isChecking: false,
        quotaUntil: undefined,
        quota: { ...state.quota, pending: undefined },
      };
    case "item.started":
    case "item.updated":
    case "item.completed":
      return applyItem({ ...state, isWaitingForNetwork: false }, event.type, event.item);
    case "turn.completed":
      return {
        ...state,
        terminal: { kind: "completed" },
        completedTurns: state.completedTurns + 1,
        unendedChecks: 0,
        openQuestions: [],
        sessionUsage: event.usage ?? state.sessionUsage,
        isWaitingForNetwork: false,
      };
    case "turn.failed":
      return { ...state, terminal: { kind: "failed", message: event.error.message || (state.lastError ?? "") } };
    case "turn.interrupted":
      return { ...state, terminal: undefined, isInterrupted: true, inFlight: [] };
    case "error":
      return { ...state, lastError: event.message, isWaitingForNetwork: isReconnectMessage(event.message) };
    default:
      return applyOwnEvent(state, event);
  }
}

/** Returns the state after an event that this server wrote. */
function applyOwnEvent(state: RunState, event: CodexEvent): RunState {
  switch (event.type) {
    case "question":
      return { ...state, openQuestions: [...withoutId(state.openQuestions, event.question.id), event.question.id] };
    case "answer":
      return { ...state, openQuestions: withoutId(state.openQuestions, event.id) };
    case "check.started":
      return { ...state, isChecking: true, unendedChecks: state.unendedChecks + 1 };
    case "check.completed":
      return { ...state, isChecking: false, unendedChecks: 0 };
    case "quota.waiting":
      return { ...state, quotaUntil: event.until, quota: withWait(state.quota, event) };
    case "quota.over":
      return { ...state, quotaUntil: undefined };
    case "usage.updated":
      return { ...state, sessionUsage: event.usage };
    case "goal.updated":
      return { ...state, goal: { status: event.status, tokens_used: event.tokens_used } };
    default:
      return state;
  }
}

function withWait({ waits, seconds }: QuotaState, wait: Extract<CodexEvent, { type: "quota.waiting" }>): QuotaState {
  const { until, message } = wait;
  return { waits: waits + 1, seconds: seconds + Math.max(0, wait.seconds), pending: { until, message } };
}

function withoutId(ids: readonly string[], id: string): string[] {
  return ids.filter((each) => each !== id);
}

function isOwnSession({ sessionId, hasTurn }: RunState, threadId: string): boolean {
  return sessionId === undefined || !hasTurn || sessionId === threadId;
}

/** Returns whether an error event only reports that Codex reconnects to the model. */
export function isReconnectMessage(message: string): boolean {
  return /^Reconnecting\b/i.test(message) || /waiting for network/i.test(message);
}

function applyItem(before: RunState, eventType: string, item: { type: string }): RunState {
  if (!isKnownItem(item) || eventType === "item.updated") return before;
  const state = withInFlight(before, item, eventType === "item.started");
  if (eventType !== "item.completed") return state;
  if (item.type === "command_execution") {
    if (isSandboxFailure(item)) return { ...state, sandboxFailures: state.sandboxFailures + 1 };
    return { ...state, commandsRun: state.commandsRun + 1, daemonCommands: withCommand(state, item.command) };
  }
  if (item.type === "user_message") {
    return item.is_prompt === true ? { ...state, nextPrompt: item.client_id } : withRead(state, item.client_id);
  }
  // Errors among the items are warnings (`Model metadata … not found`): the run continues.
  return item.type === "agent_message" ? { ...state, lastMessage: item.text, hasEndedWork: false } : state;
}

function withInFlight(state: RunState, item: CodexItem, hasBegun: boolean): RunState {
  const isWork = item.type === "command_execution" || item.type === "file_change" || item.type === "mcp_tool_call";
  if (!isWork) return state;
  const others = withoutId(state.inFlight, item.id);
  if (!hasBegun) return { ...state, inFlight: others, hasEndedWork: true };
  return item.id === "" ? state : { ...state, inFlight: [...others, item.id].slice(-MAX_IN_FLIGHT) };
}

function withRead(state: RunState, message: string | undefined): RunState {
  if (message === undefined) return state;
  const readMessages = [...state.readMessages, message].slice(-MAX_READ_MESSAGES);
  return { ...state, readMessages, nextPrompt: message === state.nextPrompt ? undefined : state.nextPrompt };
}

function withCommand({ daemonCommands }: RunState, command: string): readonly string[] {
  const isKept =
    daemonCommands.length < MAX_DAEMON_COMMANDS &&
    command.length <= MAX_DAEMON_COMMAND_LENGTH &&
    DAEMON_PROGRAM.test(command);
  return isKept ? [...daemonCommands, command] : daemonCommands;
}

/** Pattern of the message that replaces a command's output if Codex could not set up its sandbox (0.169). */
const SANDBOX_MESSAGE =
  /^(?:bwrap: |error building bubblewrap command|(?:thread .* panicked.*\n)?bubblewrap is unavailable)/;

/** Returns whether an output says that the command never ran because the sandbox could not be set up. */
export function isSandboxMessage(output: string): boolean {
  return SANDBOX_MESSAGE.test(output.trimStart());
}

/** Returns whether a command never ran because the sandbox could not be set up, as in many containers. */
function isSandboxFailure(item: { aggregated_output: string; exit_code?: number | null | undefined }): boolean {
  return item.exit_code !== 0 && isSandboxMessage(item.aggregated_output);
}

/** Returns the tokens of this run alone: Codex counts the whole session, including earlier runs. */
export function ownUsage(session: Usage, before: Usage | undefined): Usage {
  return before === undefined ? session : subtractUsage(session, before);
}
