import { describe, expect, test } from "bun:test";
import {
  ALLOW,
  AND,
  type Instruction,
  JUMP_ANY_BIT,
  JUMP_EQUAL,
  JUMP_GREATER,
  LOAD,
  REFUSE,
  RETURN,
  seccompProgram,
  UNKNOWN_CALL,
} from "#readonly/confine/seccomp.ts";
import {
  type Architecture,
  AUDIT_ARCH,
  examinedCall,
  NEWEST_SYSCALL,
  refusedCalls,
} from "#readonly/confine/syscalls.ts";

/** A system call as the kernel shows it to a filter. */
interface Call {
  number: number;
  arch?: number;
  args?: readonly (number | bigint)[];
}

/** Interprets a filter as the kernel does. @throws where the kernel would not have taken it */
function run(program: readonly Instruction[], { number, arch = 0, args = [] }: Call): number {
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, number, true);
  data.setUint32(4, arch, true);
  args.forEach((value, index) => data.setBigUint64(16 + 8 * index, BigInt.asUintN(64, BigInt(value)), true));
  let accumulator = 0;
  for (let at = 0; at < program.length; at++) {
    const { code, jumpTrue, jumpFalse, value } = program[at] as Instruction;
    const jump = (isTrue: boolean) => (at += isTrue ? jumpTrue : jumpFalse);
    if (code === LOAD) accumulator = data.getUint32(value, true);
    else if (code === AND) accumulator = (accumulator & value) >>> 0;
    else if (code === JUMP_EQUAL) jump(accumulator === value);
    else if (code === JUMP_GREATER) jump(accumulator > value);
    else if (code === JUMP_ANY_BIT) jump((accumulator & value) !== 0);
    else if (code === RETURN) return value;
    else throw new Error(`no such instruction: ${code}`);
  }
  throw new Error("the program runs over its end");
}

const X64_ALLOWED = {
  read: 0,
  write: 1,
  openat: 257,
  execve: 59,
  pipe2: 293,
  flock: 73,
  renameat2: 316,
  pidfd_open: 434,
};
const ARM64_ALLOWED = {
  read: 63,
  write: 64,
  openat: 56,
  execve: 221,
  pipe2: 59,
  flock: 32,
  renameat2: 276,
  pidfd_open: 434,
};

for (const architecture of ["x64", "arm64"] satisfies Architecture[]) {
  describe(`the filter for ${architecture}`, () => {
    const program = seccompProgram(architecture);
    const arch = AUDIT_ARCH[architecture];
    const call = (number: number | undefined, ...args: (number | bigint)[]) =>
      run(program, { number: number ?? -1, arch, args });
    const examined = (name: Parameters<typeof examinedCall>[0], ...args: (number | bigint)[]) =>
      call(examinedCall(name, architecture), ...args);

    test("is one that the kernel takes: short, with jumps that lead forward into it, and an end for every path", () => {
      expect(program.length).toBeLessThan(4096);
      for (const [index, { jumpTrue, jumpFalse, value }] of program.entries()) {
        expect(jumpTrue).toBeLessThan(256);
        expect(jumpFalse).toBeLessThan(256);
        expect(value).toBeGreaterThanOrEqual(0);
        expect(index + 1 + Math.max(jumpTrue, jumpFalse)).toBeLessThan(
          program.length + (index === program.length - 1 ? 1 : 0),
        );
      }
      for (let number = 0; number <= NEWEST_SYSCALL + 10; number++) {
        for (const argument of [0, 1, 2, 3, 0x10000000, 0xffffffff]) {
          expect([ALLOW, REFUSE, UNKNOWN_CALL]).toContain(call(number, argument, argument, argument));
        }
      }
    });

    test("refuses every call of the table, whatever its arguments, and lets reading through", () => {
      for (const { number } of refusedCalls(architecture)) {
        expect(call(number)).toBe(REFUSE);
        expect(call(number, 0, 0, 0)).toBe(REFUSE);
      }
      for (const number of Object.values(architecture === "x64" ? X64_ALLOWED : ARM64_ALLOWED)) {
        expect(call(number, 1, 2, 3)).toBe(ALLOW);
      }
    });

    test("refuses other architectures, x32 and calls of the future", () => {
      for (const other of [0x40000003, 0xc000003e ^ 0x80, 0, AUDIT_ARCH[architecture === "x64" ? "arm64" : "x64"]]) {
        expect(run(program, { number: 0, arch: other })).toBe(REFUSE);
      }
      for (const number of [0x40000000, 0x40000000 + 90, 0xffffffff, NEWEST_SYSCALL + 1, 512, 600]) {
        expect(call(number)).toBe(UNKNOWN_CALL);
      }
    });

    test("lets processes and threads be made, without name spaces", () => {
      expect(examined("clone", 0x01200011)).toBe(ALLOW);
      expect(examined("clone", 0x003d0f00)).toBe(ALLOW);
      for (const flag of [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000]) {
        expect(examined("clone", flag | 17)).toBe(REFUSE);
        expect(examined("unshare", flag)).toBe(REFUSE);
      }
      expect(examined("unshare", 0x80)).toBe(REFUSE);
      expect(examined("unshare", 0x400)).toBe(ALLOW);
      expect(examined("clone3", 0)).toBe(UNKNOWN_CALL);
    });

    test("lets sockets of the internet be made, and no others", () => {
      const [STREAM, DGRAM, RAW, SEQPACKET, PACKET] = [1, 2, 3, 5, 10];
      const FLAGS = 0x80800; // SOCK_CLOEXEC | SOCK_NONBLOCK
      for (const family of [2, 10]) {
        expect(examined("socket", family, STREAM | FLAGS, 6)).toBe(ALLOW);
        expect(examined("socket", family, DGRAM, 0)).toBe(ALLOW);
        expect(examined("socket", family, RAW | FLAGS, 1)).toBe(REFUSE);
        expect(examined("socket", family, PACKET, 0)).toBe(REFUSE);
      }
      expect(examined("socket", 16, RAW | FLAGS, 0)).toBe(ALLOW);
      for (const protocol of [6, 9, 12, 15, 16]) expect(examined("socket", 16, RAW, protocol)).toBe(REFUSE);
      for (let family = 0; family < 64; family++) {
        if (![2, 10, 16].includes(family)) expect(examined("socket", family, STREAM, 0)).toBe(REFUSE);
      }
      expect(examined("socketpair", 1, STREAM | FLAGS)).toBe(ALLOW);
      expect(examined("socketpair", 1, SEQPACKET)).toBe(ALLOW);
      for (const type of [DGRAM, DGRAM | FLAGS, RAW]) expect(examined("socketpair", 1, type)).toBe(REFUSE);
    });

    test("refuses controls of terminals and attributes of files, also with bits above what the kernel looks at", () => {
      for (const command of [
        0x5412, 0x541c, 0x5423, 0x541d, 0x40086602, 0x401c5820, 0x50009401, 0x5000940e, 0xc0189436,
      ]) {
        expect(examined("ioctl", 0, command)).toBe(REFUSE);
        expect(examined("ioctl", 0, BigInt(command) | 0x1_0000_0000n)).toBe(REFUSE);
      }
      for (const command of [0x5401, 0x5413, 0x541b, 0x5421, 0x540e, 0x40049409, 0x80086601, 0xc020660b]) {
        expect(examined("ioctl", 0, command)).toBe(ALLOW);
      }
    });

    test("refuses devices, leases, and what is done to other processes", () => {
      const mode = (kind: number) => (architecture === "x64" ? [0, kind | 0o600] : [0, 0, kind | 0o600]);
      const make = architecture === "x64" ? "mknod" : "mknodat";
      for (const kind of [0x2000, 0x6000]) expect(examined(make, ...mode(kind))).toBe(REFUSE);
      for (const kind of [0, 0x8000, 0x1000]) expect(examined(make, ...mode(kind))).toBe(ALLOW);
      expect(examined("mknodat", 0, 0, 0x2000)).toBe(REFUSE);
      expect(examined("fcntl", 0, 1024)).toBe(REFUSE);
      expect(examined("fcntl", 0, 6)).toBe(ALLOW);
      expect(examined("kill", 0xffffffff, 9)).toBe(REFUSE);
      expect(examined("kill", -1, 9)).toBe(REFUSE);
      expect(examined("kill", 4711, 9)).toBe(ALLOW);
      expect(examined("prlimit64", 0, 7, 4096)).toBe(ALLOW);
      expect(examined("prlimit64", 4711, 7, 0)).toBe(ALLOW);
      expect(examined("prlimit64", 4711, 7, 4096)).toBe(REFUSE);
      expect(examined("prlimit64", 4711, 7, 0x7fff_0000_0000n)).toBe(REFUSE);
      expect(examined("setpriority", 0, 0)).toBe(ALLOW);
      expect(examined("setpriority", 0, 4711)).toBe(REFUSE);
      expect(examined("setpriority", 2, 0)).toBe(REFUSE);
      expect(examined("ioprio_set", 3, 0)).toBe(REFUSE);
      for (const name of ["sched_setaffinity", "sched_setscheduler", "sched_setparam", "sched_setattr"] as const) {
        expect([examined(name, 0), examined(name, 4711)]).toEqual([ALLOW, REFUSE]);
      }
    });
  });
}
