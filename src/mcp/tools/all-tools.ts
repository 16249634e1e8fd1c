import type { Tool } from "#mcp/define-tool.ts";
import { codex } from "./codex.ts";
import { codexCancel } from "./codex-cancel.ts";
import { codexDiff } from "./codex-diff.ts";
import { codexDiscard } from "./codex-discard.ts";
import { codexDispatch } from "./codex-dispatch.ts";
import { codexMerge } from "./codex-merge.ts";
import { codexWait } from "./codex-wait.ts";
import { codexStatus } from "./codex-status.ts";

/** Tools of the server, in the order of `tools/list`. */
export const ALL_TOOLS: readonly Tool[] = [
  codex,
  codexDispatch,
  codexWait,
  codexStatus,
  codexCancel,
  codexDiff,
  codexMerge,
  codexDiscard,
];
