import type { FollowUps } from "#domain/follow-up.ts";
import type { Goal } from "#domain/goal.ts";
import type { Delivery, TaskMessage } from "#domain/message.ts";
import type { QuestionAnswer, Question, QuestionContent } from "#domain/question.ts";

/** Access of a turn, as the app-server takes it. */
export type SandboxPolicy =
  | { type: "dangerFullAccess" }
  | { type: "readOnly"; networkAccess: boolean }
  | {
      type: "workspaceWrite";
      writableRoots: string[];
      networkAccess: boolean;
      excludeTmpdirEnvVar?: boolean;
      excludeSlashTmp?: boolean;
    };

/** First turn of a run. */
export interface TurnRequest {
  prompt: string;
  images: readonly string[];
  outputSchema: object | undefined;
  sandboxPolicy: SandboxPolicy;
  folder: string;
  /** File of Codex's profile for the run. */
  profileFile?: string | undefined;
  /** Model of the thread, if the app-server was started without it. */
  model?: string | undefined;
  /** Settings of the thread that take precedence over Codex's files. */
  config?: Record<string, unknown> | undefined;
  /** Goal that Codex pursues beyond the first turn. */
  goal?: Goal | undefined;
  /** Model of a resumed or copied thread. */
  resumedModel?: { model?: string; modelProvider: string };
  /** Thread to resume; undefined for a new one. */
  threadId: string | undefined;
  /** Thread that the run's own thread begins as a copy of; undefined if it does not. */
  forkOf?: string | undefined;
  /** Name of the run, by which its turn is recognised after this process has died. */
  runId: string;
  messages: MessageSource;
  /** Source of the further turns. */
  followUps: FollowUps;
  /** Returns whether a person has joined the task in Codex's own interface. */
  isJoined?: () => boolean;
  /** Number of the run, which is part of its questions' names. */
  run: number;
  /** Place where questions are asked; undefined if nothing is asked: Codex then refuses by itself what its sandbox does not allow. */
  questions: QuestionDesk | undefined;
}

/** Place where a run asks people, who may answer at any time and from anywhere. */
export interface QuestionDesk {
  /** Returns a question that an earlier supervisor of the run has asked. */
  find: (id: string) => Question | undefined;
  /** Adds the times to a question. */
  prepare: (content: QuestionContent) => Question;
  /** Returns a question for the log: of a long one, parts are left out. */
  abridge: (question: Question) => Question;
  /** Asks a question and waits for its answer. @throws AppError `state_unusable` if it cannot be asked */
  ask: (question: Question) => Promise<QuestionAnswer>;
  /** Closes a question because Codex has an answer, from here or from another client. */
  settle: (id: string) => void;
  /** Lists the open questions of the run, including those of an earlier supervisor. */
  open: () => readonly Question[];
  /** Stops watching for answers. */
  close: () => void;
}

/** Messages to a run. Those that Codex has not read when a turn ends are among the run's follow-ups. */
export interface MessageSource {
  /** Calls a function when messages may have come. @returns a function that stops this */
  watch: (onNews: () => void) => () => void;
  /** Takes the new messages; an earlier supervisor may have given some of them to Codex. */
  take: () => readonly (TaskMessage & { isGiven: boolean; delivery: Delivery | undefined })[];
  /** Records how a message is delivered, for its sender. */
  announce: (message: TaskMessage, delivery: Delivery) => void;
  /** Records that Codex is being given a message. */
  recordGiven: (message: TaskMessage) => void;
  /** Records that Codex has read a message. */
  recordRead: (id: string) => void;
  /** Whether a message waits that is to replace the running turn. */
  readonly hasReplacement: boolean;
}

/** Returns a text as the input of a turn. */
export function textInput(text: string): object[] {
  return [{ type: "text", text, text_elements: [] }];
}

/** Returns the images and the prompt of a run as the input of its first turn, in the order of `codex exec`. */
export function turnInput({ prompt, images }: TurnRequest): object[] {
  return [...images.map((path) => ({ type: "localImage", path })), ...textInput(prompt)];
}

/** Returns the parameters that start a turn of a run. @param messageId name by which the turn is recognised */
export function turnStart(
  { sandboxPolicy, outputSchema }: TurnRequest,
  threadId: string,
  input: readonly object[],
  messageId: string,
): object {
  const schema = outputSchema === undefined ? {} : { outputSchema };
  return { threadId, input, sandboxPolicy, clientUserMessageId: messageId, ...schema };
}
