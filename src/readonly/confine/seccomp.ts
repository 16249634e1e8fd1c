import { ptr } from "bun:ffi";
import type { LibcCalls } from "./libc-calls.ts";
import {
  type Architecture,
  AUDIT_ARCH,
  type ExaminedCall,
  examinedCall,
  NEWEST_SYSCALL,
  refusedCalls,
  ownArchitecture,
  ownCall,
} from "./syscalls.ts";

/** One instruction of a classic BPF program (`struct sock_filter`). */
export interface Instruction {
  code: number;
  jumpTrue: number;
  jumpFalse: number;
  value: number;
}

/** Opcodes of the filter, from <linux/bpf_common.h>. */
export const LOAD = 0x20; // BPF_LD | BPF_W | BPF_ABS
export const AND = 0x54; // BPF_ALU | BPF_AND | BPF_K
export const JUMP_EQUAL = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
export const JUMP_GREATER = 0x25; // BPF_JMP | BPF_JGT | BPF_K
export const JUMP_ANY_BIT = 0x45; // BPF_JMP | BPF_JSET | BPF_K
export const RETURN = 0x06; // BPF_RET | BPF_K

/** Return values of a filter, from <linux/seccomp.h>. */
export const ALLOW = 0x7fff0000;
const ERRNO = 0x00050000;
const EPERM = 1;
const ENOSYS = 38;
export const REFUSE = ERRNO | EPERM;
export const UNKNOWN_CALL = ERRNO | ENOSYS;

// `struct seccomp_data`: number, architecture, instruction pointer, then six arguments of 64 bits.
const NUMBER = 0;
const ARCHITECTURE = 4;
const low = (argument: number) => 16 + 8 * argument;
const high = (argument: number) => low(argument) + 4;

// <linux/sched.h>: NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET.
const NEW_NAMESPACES = 0x7e020000;
const CLONE_NEWTIME = 0x80; // in `unshare` only: `clone` has its signal there
const [AF_INET, AF_INET6, AF_NETLINK] = [2, 10, 16];
const [SOCK_STREAM, SOCK_RAW, SOCK_SEQPACKET, SOCK_PACKET] = [1, 3, 5, 10];
const SOCKET_TYPE_MASK = 0xf;
const NETLINK_ROUTE = 0;
const [S_IFMT, S_IFCHR, S_IFBLK] = [0xf000, 0x2000, 0x6000];
const [PRIO_USER, IOPRIO_WHO_USER] = [2, 3];
const F_SETLEASE = 1024;
const EVERY_PROCESS = 0xffffffff; // kill(-1)

/**
 * Refused ioctl commands. Terminal: TIOCSTI (types for its user), TIOCLINUX, TIOCSETD, TIOCCONS. Files: their flags and
 * versions, FAT's attributes.
 */
const REFUSED_IOCTLS = [
  0x5412, 0x541c, 0x5423, 0x541d, 0x401c5820, 0x40087602, 0x40047602, 0x40047211, 0xc0189436, 0x41009432,
];
/** Allowed ioctl commands of the types below, which only read or need a file open for writing: FICLONE(RANGE), GETFLAGS, FIEMAP. */
const ALLOWED_IOCTLS = [0x40049409, 0x4020940d, 0x80086601, 0x80046601, 0xc020660b];
/** Refused ioctl types: btrfs makes and removes snapshots by them without asking Landlock; ext4 and f2fs change attributes. */
const REFUSED_IOCTL_TYPES = [0x9400, 0x6600, 0xf500];

const step = (code: number, value: number): Instruction => ({ code, jumpTrue: 0, jumpFalse: 0, value: value >>> 0 });
const load = (offset: number) => step(LOAD, offset);
const end = (result: number) => step(RETURN, result);

/** Returns instructions that end with a result if the accumulator meets a test, and otherwise continue after them. */
function endIf(code: number, value: number, result: number): Instruction[] {
  return [{ code, jumpTrue: 0, jumpFalse: 1, value: value >>> 0 }, end(result)];
}

const endIfEqual = (value: number, result: number) => endIf(JUMP_EQUAL, value, result);

/** Returns instructions that allow only the caller itself in this argument. */
const ownOnly = (argument: number) => [load(low(argument)), ...endIfEqual(0, ALLOW), end(REFUSE)];

const isNoDevice = (argument: number) => [
  load(low(argument)),
  step(AND, S_IFMT),
  ...endIfEqual(S_IFCHR, REFUSE),
  ...endIfEqual(S_IFBLK, REFUSE),
  end(ALLOW),
];

const withoutNamespaces = (flags: number) => [load(low(0)), ...endIf(JUMP_ANY_BIT, flags, REFUSE), end(ALLOW)];

const exceptValue = (argument: number, value: number) => [
  load(low(argument)),
  ...endIfEqual(value, REFUSE),
  end(ALLOW),
];

/**
 * Returns the rules of `socket`, which allow the internet and the kernel's list of addresses; no unix, raw, packet or virtual
 * machine sockets.
 */
function socketRules(): Instruction[] {
  const internet = [
    load(low(1)),
    step(AND, SOCKET_TYPE_MASK),
    ...endIfEqual(SOCK_RAW, REFUSE),
    ...endIfEqual(SOCK_PACKET, REFUSE),
    end(ALLOW),
  ];
  const netlink = [load(low(2)), ...endIfEqual(NETLINK_ROUTE, ALLOW), end(REFUSE)];
  return [
    load(low(0)),
    { code: JUMP_EQUAL, jumpTrue: 2, jumpFalse: 0, value: AF_INET },
    { code: JUMP_EQUAL, jumpTrue: 1, jumpFalse: 0, value: AF_INET6 },
    { code: JUMP_EQUAL, jumpTrue: internet.length, jumpFalse: internet.length + netlink.length, value: AF_NETLINK },
    ...internet,
    ...netlink,
    end(REFUSE),
  ];
}

/** Checks of the calls that depend on their arguments; each ends with a result. */
const EXAMINATIONS: Record<ExaminedCall, Instruction[]> = {
  clone: withoutNamespaces(NEW_NAMESPACES),
  // Its flags are in memory, which a filter cannot read: libcs then use `clone`.
  clone3: [end(UNKNOWN_CALL)],
  unshare: withoutNamespaces(NEW_NAMESPACES | CLONE_NEWTIME),
  ioctl: [
    load(low(1)),
    ...ALLOWED_IOCTLS.flatMap((command) => endIfEqual(command, ALLOW)),
    ...REFUSED_IOCTLS.flatMap((command) => endIfEqual(command, REFUSE)),
    // FS_IOC_SETFLAGS and similar commands are of a type that is refused as a whole.
    step(AND, 0xff00),
    ...REFUSED_IOCTL_TYPES.flatMap((type) => endIfEqual(type, REFUSE)),
    end(ALLOW),
  ],
  // A lease on a file, even one open only for reading, makes its other users wait.
  fcntl: exceptValue(1, F_SETLEASE),
  socket: socketRules(),
  // A pair of another type can send to any unix socket.
  socketpair: [
    load(low(1)),
    step(AND, SOCKET_TYPE_MASK),
    ...endIfEqual(SOCK_STREAM, ALLOW),
    ...endIfEqual(SOCK_SEQPACKET, ALLOW),
    end(REFUSE),
  ],
  mknod: isNoDevice(1),
  mknodat: isNoDevice(2),
  // Limits of other processes can be read (without new ones), but not set.
  prlimit64: [
    load(low(0)),
    ...endIfEqual(0, ALLOW),
    load(low(2)),
    { code: JUMP_EQUAL, jumpTrue: 0, jumpFalse: 3, value: 0 },
    load(high(2)),
    ...endIfEqual(0, ALLOW),
    end(REFUSE),
  ],
  setpriority: [load(low(0)), ...endIfEqual(PRIO_USER, REFUSE), ...ownOnly(1)],
  ioprio_set: [load(low(0)), ...endIfEqual(IOPRIO_WHO_USER, REFUSE), ...ownOnly(1)],
  sched_setaffinity: ownOnly(0),
  sched_setscheduler: ownOnly(0),
  sched_setparam: ownOnly(0),
  sched_setattr: ownOnly(0),
  kill: exceptValue(0, EVERY_PROCESS),
};

/**
 * Builds the filter for an architecture. System calls that change something beyond Landlock's reach are refused with EPERM.
 * Calls newer than the table get ENOSYS, as on an older kernel; those of another architecture, and of x32, are refused.
 */
export function seccompProgram(architecture: Architecture): Instruction[] {
  const refused = refusedCalls(architecture).flatMap(({ number }) => endIfEqual(number, REFUSE));
  const examined: Instruction[] = [];
  for (const [name, instructions] of Object.entries(EXAMINATIONS)) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `entries` forgets the keys
    const number = examinedCall(name as ExaminedCall, architecture);
    if (number === undefined) continue;
    examined.push({ code: JUMP_EQUAL, jumpTrue: 0, jumpFalse: instructions.length, value: number });
    examined.push(...instructions);
  }
  return [
    load(ARCHITECTURE),
    { code: JUMP_EQUAL, jumpTrue: 1, jumpFalse: 0, value: AUDIT_ARCH[architecture] },
    end(REFUSE),
    load(NUMBER),
    ...endIf(JUMP_GREATER, NEWEST_SYSCALL, UNKNOWN_CALL),
    ...examined,
    ...refused,
    end(ALLOW),
  ];
}

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
