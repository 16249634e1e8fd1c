import { expect, test } from "bun:test";
import { describesProtocol } from "#codex/engines/protocol-probe.ts";

const REQUESTS = {
  initialize: ["clientInfo", "capabilities"],
  "config/read": ["cwd", "includeLayers"],
  "thread/start": ["cwd", "model", "sandbox", "approvalPolicy", "config", "newer"],
  "thread/resume": ["threadId", "model", "modelProvider", "cwd", "sandbox", "approvalPolicy", "config"],
  "thread/fork": ["threadId", "model", "modelProvider", "cwd", "sandbox", "approvalPolicy", "config"],
  "thread/turns/list": ["threadId", "limit"],
  "thread/items/list": ["threadId", "turnId", "limit", "cursor"],
  "thread/backgroundTerminals/clean": ["threadId"],
  "turn/start": ["threadId", "input", "sandboxPolicy", "outputSchema", "clientUserMessageId"],
  "turn/steer": ["threadId", "expectedTurnId", "input", "clientUserMessageId"],
  "turn/interrupt": ["threadId", "turnId"],
};
const NOTIFICATIONS = Object.fromEntries(
  ["item/started", "item/completed", "thread/tokenUsage/updated", "turn/completed", "error"].map((name) => [name, []]),
);

test("a protocol with more than the engine uses is the engine's", () => {
  expect(describesProtocol({ ...REQUESTS, "thread/new": [] }, { ...NOTIFICATIONS, news: [] })).toBe(true);
});

test("a protocol that lacks a request, a parameter or a notification is not", () => {
  const { "turn/steer": _, ...withoutSteer } = REQUESTS;
  expect(describesProtocol(withoutSteer, NOTIFICATIONS)).toBe(false);
  expect(describesProtocol({ ...REQUESTS, "turn/steer": ["threadId", "input"] }, NOTIFICATIONS)).toBe(false);
  const { "turn/completed": __, ...withoutEnd } = NOTIFICATIONS;
  expect(describesProtocol(REQUESTS, withoutEnd)).toBe(false);
  expect(describesProtocol({}, {})).toBe(false);
});
