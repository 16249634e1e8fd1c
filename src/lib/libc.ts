/** The libc's file, for `dlopen`: on Linux the same in glibc and musl, whose loader answers to any `libc.`. */
export const LIBC = process.platform === "darwin" ? "libSystem.B.dylib" : "libc.so.6";
