/** Whether this program runs on Linux. */
export const IS_LINUX = process.platform === "linux";

/** Whether this program runs on macOS. */
export const IS_MACOS = process.platform === "darwin";

/** Whether this program runs on Windows. */
export const IS_WINDOWS = process.platform === "win32";
