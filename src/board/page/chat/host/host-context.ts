import type { McpUiHostContext, McpUiStyleVariableKey } from "@modelcontextprotocol/ext-apps";
import * as v from "valibot";

/** Facts about a host that the view uses. */
export interface HostContext extends Pick<McpUiHostContext, "theme" | "safeAreaInsets"> {
  variables: Partial<Record<McpUiStyleVariableKey, string>>;
  isFullscreen: boolean;
  /** Whether the host can show the view in the whole window, and in the chat. */
  canBeFullscreen: boolean;
  canBeInline: boolean;
  /** Name of the tool whose answer is shown. */
  tool: string | undefined;
  /** Largest height of the view in pixels, if the host limits it. */
  maxHeight: number | undefined;
}

/** Facts that a host says, each of which is ignored if it has another form. */
const ContextSchema = v.object({
  theme: v.fallback(v.optional(v.picklist(["light", "dark"])), undefined),
  styles: v.fallback(v.optional(v.object({ variables: v.record(v.string(), v.unknown()) })), undefined),
  toolInfo: v.fallback(v.optional(v.object({ tool: v.object({ name: v.string() }) })), undefined),
  displayMode: v.fallback(v.optional(v.string()), undefined),
  availableDisplayModes: v.fallback(v.optional(v.array(v.string())), undefined),
  containerDimensions: v.fallback(
    v.optional(v.object({ height: v.optional(v.number()), maxHeight: v.optional(v.number()) })),
    undefined,
  ),
  safeAreaInsets: v.fallback(
    v.optional(v.object({ top: v.number(), right: v.number(), bottom: v.number(), left: v.number() })),
    undefined,
  ),
});

/** Returns what a host's context says that the view uses. */
export function readContext(context: unknown): HostContext {
  const { success, output } = v.safeParse(ContextSchema, context);
  const {
    theme,
    toolInfo,
    styles,
    displayMode,
    availableDisplayModes = [],
    containerDimensions,
    safeAreaInsets,
  } = success ? output : {};
  const variables = Object.entries(styles?.variables ?? {}).filter(([, value]) => typeof value === "string");
  return {
    ...(theme !== undefined && { theme }),
    ...(safeAreaInsets !== undefined && { safeAreaInsets }),
    variables: Object.fromEntries(variables),
    isFullscreen: displayMode === "fullscreen",
    canBeFullscreen: availableDisplayModes.includes("fullscreen"),
    canBeInline: availableDisplayModes.includes("inline"),
    tool: toolInfo?.tool.name,
    maxHeight: containerDimensions?.height ?? containerDimensions?.maxHeight,
  };
}
