/** What the kernel was made to refuse; `abi` is Landlock's interface as it was asked for. */
export type RestrictionsInForce = { enforcement: "landlock"; abi: number } | { enforcement: "none"; reason: string };

/** Everything that was put in force for a run. */
export type Restriction = RestrictionsInForce & {
  /** Whether system calls that Landlock knows nothing of are filtered. */
  seccomp: boolean;
  /** Whether no capabilities are left but those for reading. */
  capabilities_dropped: boolean;
};
