// Put in by the build; running from source, there is no such name.
declare const BUILD_READONLY_FALLBACK: "0" | "1" | undefined;

/** What CODEXMCP_READONLY_FALLBACK is where nobody sets it: on in the builds for containers. */
export const READONLY_FALLBACK_OF_BUILD: "0" | "1" =
  typeof BUILD_READONLY_FALLBACK === "undefined" ? "0" : BUILD_READONLY_FALLBACK;
