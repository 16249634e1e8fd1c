import { ptr } from "bun:ffi";
import type { LibcCalls } from "./libc-calls.ts";
import { type Instruction, seccompProgram } from "./seccomp-program.ts";
import { ownArchitecture, ownCall } from "./syscalls.ts";

const SECCOMP_SET_MODE_FILTER = 1;
const INSTRUCTION_BYTES = 8;

/**
 * Refuses the system calls of {@link seccompProgram}, for this thread and all that it executes from now on. "No new privileges"
 * must have been set before.
 * @returns whether the kernel accepted the filter
 */
export function filterSystemCalls({ syscall }: LibcCalls): boolean {
  const architecture = ownArchitecture();
  if (architecture === undefined) return false;
  const program = encode(seccompProgram(architecture));
  // `struct sock_fprog`: the number of instructions, padding, their address.
  const header = new DataView(new ArrayBuffer(16));
  header.setUint16(0, program.length / INSTRUCTION_BYTES, true);
  header.setBigUint64(8, BigInt(ptr(program)), true);
  return syscall(ownCall("seccomp", architecture), SECCOMP_SET_MODE_FILTER, 0, ptr(header)) === 0;
}

/** Returns the bytes of `struct sock_filter[]`; both architectures are little-endian. */
function encode(program: readonly Instruction[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(program.length * INSTRUCTION_BYTES));
  for (const [index, { code, jumpTrue, jumpFalse, value }] of program.entries()) {
    const at = index * INSTRUCTION_BYTES;
    view.setUint16(at, code, true);
    view.setUint8(at + 2, jumpTrue);
    view.setUint8(at + 3, jumpFalse);
    view.setUint32(at + 4, value, true);
  }
  return new Uint8Array(view.buffer);
}
