/** Reason for which a task waits, other than people and a free slot. */
export interface QuotaWait {
  kind: "quota";
  /** Time at which the limit is reset, in the format of ISO 8601. */
  until: string;
  /** Message of Codex. */
  message: string;
}
