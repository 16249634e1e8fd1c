import { applyDocumentTheme, type McpUiHostContext, type McpUiStyleVariableKey } from "@modelcontextprotocol/ext-apps";

/** Variables of the page's style that take the values of the host's, so that the view looks like a part of the chat. */
const VARIABLES: Readonly<Record<string, McpUiStyleVariableKey>> = {
  "--page": "--color-background-primary",
  "--surface": "--color-background-primary",
  "--surface-raised": "--color-background-primary",
  "--surface-weak": "--color-background-secondary",
  "--text": "--color-text-primary",
  "--text-weak": "--color-text-secondary",
  "--line": "--color-border-primary",
  "--sans": "--font-sans",
  "--code": "--font-mono",
};

/** Applies what a host says about its looks: theme, colours, fonts and margins. */
export function applyHostLooks({ theme, styles, safeAreaInsets }: McpUiHostContext): void {
  const root = document.documentElement;
  if (theme !== undefined) applyTheme(theme);
  for (const [name, hostName] of Object.entries(VARIABLES)) {
    const value = styles?.variables?.[hostName];
    if (value !== undefined) root.style.setProperty(name, value);
  }
  if (safeAreaInsets !== undefined) {
    const { top, right, bottom, left } = safeAreaInsets;
    document
      .querySelector<HTMLElement>("#page")
      ?.style.setProperty("padding", `${top}px ${right}px ${bottom}px ${left}px`);
  }
}

/**
 * Applies a theme, which may differ from that of the system: the style rules of the whole page ask for the system's theme, and are changed to
 * hold always or never.
 */
function applyTheme(theme: "light" | "dark"): void {
  applyDocumentTheme(theme);
  for (const sheet of document.styleSheets) changeRules(sheet.cssRules, theme);
}

const conditions = new WeakMap<CSSMediaRule, "light" | "dark">();

function changeRules(rules: CSSRuleList, theme: "light" | "dark"): void {
  for (const rule of rules) {
    if (rule instanceof CSSMediaRule) {
      const [, asked] = /^\(prefers-color-scheme: (light|dark)\)$/.exec(rule.media.mediaText) ?? [];
      if (asked === "light" || asked === "dark") conditions.set(rule, asked);
      const condition = conditions.get(rule);
      if (condition !== undefined) rule.media.mediaText = condition === theme ? "all" : "not all";
    }
    if (rule instanceof CSSGroupingRule) changeRules(rule.cssRules, theme);
  }
}
