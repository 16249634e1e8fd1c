/** Architectures with known system calls, by the runtime's names for them. */
export type Architecture = "x64" | "arm64";

/** Values of `AUDIT_ARCH_*` in <linux/audit.h>, by which a filter distinguishes architectures. */
export const AUDIT_ARCH: Record<Architecture, number> = { x64: 0xc000003e, arm64: 0xc00000b7 };

/** Number of the newest system call in this table (`file_setattr`, Linux 6.17). */
export const NEWEST_SYSCALL = 469;

/** Number of a call on x86_64 and on arm64; undefined if the architecture has no such call. */
type Numbers = readonly [x64: number | undefined, arm64: number | undefined];

const everywhere = (number: number): [number, number] => [number, number];

/** Calls that reading does not need: refused whatever their arguments. */
const REFUSED = {
  // Memory, descriptors and secrets of other processes.
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  pidfd_getfd: everywhere(438),
  kcmp: [312, 272],
  process_madvise: everywhere(440),
  process_mrelease: everywhere(448),
  move_pages: [279, 239],
  migrate_pages: [256, 238],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  // The contents of System V and POSIX message queues are not files, so Landlock does not check them.
  shmget: [29, 194],
  shmat: [30, 196],
  shmctl: [31, 195],
  semget: [64, 190],
  semop: [65, 193],
  semtimedop: [220, 192],
  semctl: [66, 191],
  msgget: [68, 186],
  msgsnd: [69, 189],
  msgrcv: [70, 188],
  msgctl: [71, 187],
  mq_open: [240, 180],
  mq_unlink: [241, 181],
  // Programs in the kernel, and kernel work that bypasses this filter.
  bpf: [321, 280],
  io_uring_setup: everywhere(425),
  io_uring_enter: everywhere(426),
  io_uring_register: everywhere(427),
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  // Mounts, roots and namespaces.
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  setns: [308, 268],
  open_tree: everywhere(428),
  move_mount: everywhere(429),
  fsopen: everywhere(430),
  fsconfig: everywhere(431),
  fsmount: everywhere(432),
  fspick: everywhere(433),
  mount_setattr: everywhere(442),
  open_tree_attr: everywhere(467),
  open_by_handle_at: [304, 265],
  fanotify_init: [300, 262],
  fanotify_mark: [301, 263],
  quotactl: [179, 60],
  quotactl_fd: everywhere(443),
  // The machine.
  reboot: [169, 142],
  swapon: [167, 224],
  swapoff: [168, 225],
  sethostname: [170, 161],
  setdomainname: [171, 162],
  settimeofday: [164, 170],
  clock_settime: [227, 112],
  clock_adjtime: [305, 266],
  adjtimex: [159, 171],
  acct: [163, 89],
  iopl: [172, undefined],
  ioperm: [173, undefined],
  vhangup: [153, 58],
  lookup_dcookie: [212, 18],
  nfsservctl: [180, 42],
  uselib: [134, undefined],
  _sysctl: [156, undefined],
  lsm_set_self_attr: everywhere(460),
  // Attributes of files, which Landlock does not check.
  chmod: [90, undefined],
  fchmod: [91, 52],
  fchmodat: [268, 53],
  fchmodat2: everywhere(452),
  chown: [92, undefined],
  fchown: [93, 55],
  lchown: [94, undefined],
  fchownat: [260, 54],
  utime: [132, undefined],
  utimes: [235, undefined],
  futimesat: [261, undefined],
  utimensat: [280, 88],
  setxattr: [188, 5],
  lsetxattr: [189, 6],
  fsetxattr: [190, 7],
  setxattrat: everywhere(463),
  removexattr: [197, 14],
  lremovexattr: [198, 15],
  fremovexattr: [199, 16],
  removexattrat: everywhere(466),
  file_setattr: everywhere(469),
} satisfies Record<string, Numbers>;

/** Calls that are refused or allowed depending on their arguments. */
const EXAMINED = {
  clone: [56, 220],
  clone3: everywhere(435),
  unshare: [272, 97],
  ioctl: [16, 29],
  fcntl: [72, 25],
  socket: [41, 198],
  socketpair: [53, 199],
  mknod: [133, undefined],
  mknodat: [259, 33],
  prlimit64: [302, 261],
  setpriority: [141, 140],
  ioprio_set: [251, 30],
  sched_setaffinity: [203, 122],
  sched_setscheduler: [144, 119],
  sched_setparam: [142, 118],
  sched_setattr: [314, 274],
  kill: [62, 129],
} satisfies Record<string, Numbers>;

/** Calls that this program makes itself, with the libc's `syscall`. */
const OWN: Record<"capget" | "capset" | "seccomp" | "flock" | "fcntl", readonly [number, number]> = {
  capget: [125, 90],
  capset: [126, 91],
  seccomp: [317, 277],
  flock: [73, 32],
  fcntl: [72, 25],
};

/** Name of a call that is refused or allowed depending on its arguments. */
export type ExaminedCall = keyof typeof EXAMINED;

/** Returns the names and numbers of all calls that are refused whatever their arguments. */
export function refusedCalls(architecture: Architecture): { name: string; number: number }[] {
  return Object.entries(REFUSED).flatMap(([name, numbers]) => {
    const number = pick(numbers, architecture);
    return number === undefined ? [] : [{ name, number }];
  });
}

/** Returns the number of a call that depends on its arguments; undefined if the architecture does not have it. */
export function examinedCall(name: ExaminedCall, architecture: Architecture): number | undefined {
  return pick(EXAMINED[name], architecture);
}

/** Returns the number of a call that this program makes itself. */
export function ownCall(name: keyof typeof OWN, architecture: Architecture): number {
  return OWN[name][architecture === "x64" ? 0 : 1];
}

/** Returns this machine's architecture; undefined if its system calls are not known. */
export function ownArchitecture(): Architecture | undefined {
  return process.arch === "x64" || process.arch === "arm64" ? process.arch : undefined;
}

function pick([x64, arm64]: Numbers, architecture: Architecture): number | undefined {
  return architecture === "x64" ? x64 : arm64;
}
