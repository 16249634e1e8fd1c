/** Landlock restrictions in force; `abi` is the Landlock ABI that was requested. */
export type RestrictionsInForce = { enforcement: "landlock"; abi: number } | { enforcement: "none"; reason: string };

/** All restrictions in force for a run. */
export type Restriction = RestrictionsInForce & {
  /** Whether system calls that Landlock does not cover are filtered. */
  seccomp: boolean;
  /** Whether only the capabilities for reading are left. */
  capabilities_dropped: boolean;
};
