import { join } from "node:path";
import * as v from "valibot";
import type { Config } from "#base/config.ts";
import { logger } from "#base/log.ts";
import { runCodexProbe } from "#codex/probe.ts";
import type { CodexProgram } from "#codex/locate.ts";
import { readOptionalText } from "#platform/files/read-file.ts";
import { withTemporaryFolder } from "#platform/files/temporary.ts";

/** Requests that the engine sends, each with the parameters that it gives. */
const REQUESTS: Record<string, readonly string[]> = {
  initialize: ["clientInfo", "capabilities"],
  "config/read": ["cwd", "includeLayers"],
  "thread/start": ["cwd", "model", "sandbox", "approvalPolicy", "config"],
  "thread/resume": ["threadId", "model", "modelProvider", "cwd", "sandbox", "approvalPolicy", "config"],
  "thread/fork": ["threadId", "model", "modelProvider", "cwd", "sandbox", "approvalPolicy", "config"],
  "thread/turns/list": ["threadId", "limit"],
  "thread/items/list": ["threadId", "turnId", "limit", "cursor"],
  "thread/backgroundTerminals/clean": ["threadId"],
  "turn/start": ["threadId", "input", "sandboxPolicy", "outputSchema", "clientUserMessageId"],
  "turn/steer": ["threadId", "expectedTurnId", "input", "clientUserMessageId"],
  "turn/interrupt": ["threadId", "turnId"],
};

/** Notifications without which a run would not be followed to its end. */
const NOTIFICATIONS = ["item/started", "item/completed", "thread/tokenUsage/updated", "turn/completed", "error"];

/** Maximum size of one file of the schema, in bytes; those of 0.169 have 330 KB. */
const MAX_SCHEMA_BYTES = 8 * 1024 * 1024;

const named = v.looseObject({ enum: v.tuple([v.string()]) });
const MessagesSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.looseObject({
    oneOf: v.array(
      v.looseObject({
        properties: v.looseObject({
          method: named,
          params: v.optional(v.looseObject({ $ref: v.optional(v.string()) })),
        }),
      }),
    ),
    definitions: v.record(v.string(), v.looseObject({ properties: v.optional(v.record(v.string(), v.unknown()), {}) })),
  }),
);

/**
 * Returns whether a Codex CLI's app-server has all requests, parameters and notifications that the engine uses, by the schema that it
 * prints itself (`codex app-server generate-json-schema`).
 */
export async function hasAppServerProtocol(config: Config, program: CodexProgram): Promise<boolean> {
  try {
    return await withTemporaryFolder({ fallback: config.home }, async (folder) => {
      const command = ["app-server", "generate-json-schema", "--experimental", "--out", folder];
      const { exitCode } = await runCodexProbe(config, program, command);
      if (exitCode !== 0) return false;
      const [requests, notifications] = ["ClientRequest.json", "ServerNotification.json"].map((name) =>
        readMessages(join(folder, name)),
      );
      return describesProtocol(requests ?? {}, notifications ?? {});
    });
  } catch (error) {
    logger("codex").debug`the protocol of ${program.path} could not be read: ${String(error)}`;
    return false;
  }
}

/** Parameters of messages, by their methods. */
type Messages = Record<string, readonly string[]>;

/** Returns whether these requests, with their parameters, and notifications are all that the engine uses. */
export function describesProtocol(requests: Messages, notifications: Messages): boolean {
  const hasRequests = Object.entries(REQUESTS).every(([method, parameters]) => {
    const known = requests[method];
    return known !== undefined && parameters.every((name) => known.includes(name));
  });
  return hasRequests && NOTIFICATIONS.every((method) => notifications[method] !== undefined);
}

/** Reads the messages of one schema; none if it has another form. */
function readMessages(file: string): Messages {
  const parsed = v.safeParse(MessagesSchema, readOptionalText(file, { maxBytes: MAX_SCHEMA_BYTES }));
  if (!parsed.success) return {};
  const { oneOf, definitions } = parsed.output;
  return Object.fromEntries(
    oneOf.map(({ properties: { method, params } }) => {
      const definition = definitions[params?.$ref?.replace("#/definitions/", "") ?? ""];
      return [method.enum[0], Object.keys(definition?.properties ?? {})];
    }),
  );
}
