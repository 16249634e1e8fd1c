import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "bun:test";
import { type CommandRun, runCli } from "./command-line.ts";
import { GitWorld, idOf } from "./git-world.ts";

/** A proof as it is printed. */
export interface Envelope {
  payload: string;
  payloadType: string;
  signatures: { keyid: string; sig: string }[];
}

/** What a proof says. */
export interface Proven {
  subject: { name: string; digest: Record<string, string> }[];
  predicate: Record<string, Record<string, unknown>>;
  [field: string]: unknown;
}

/** A shell command with which a task adds one file. */
export const COMMIT_ONE = "echo one > one.txt; git add .; git commit -qm One";

/** A world for tests of proofs: what makes, reads and forges them. */
export class ProofWorld extends GitWorld {
  /** Runs git in the repository of this test. */
  inRepo(...args: string[]): Promise<string> {
    return this.git(this.repo, ...args);
  }

  /** Runs a command of ours in the repository of this test. */
  cli(...args: string[]): Promise<CommandRun> {
    return runCli(this, args, {}, this.repo);
  }

  /** Has the proof of a task made, and saves it. */
  async prove(
    task: Record<string, unknown>,
    ...args: string[]
  ): Promise<{ envelope: Envelope; file: string; run: CommandRun }> {
    const run = await this.cli("proof", idOf(task), ...args);
    expect(run).toMatchObject({ exitCode: 0 });
    const file = join(this.root, `proof-${this.number}.json`);
    writeFileSync(file, run.stdout);
    return { envelope: JSON.parse(run.stdout) as Envelope, file, run };
  }

  /** Writes a proof that somebody has changed. */
  forge(envelope: Envelope, change: (statement: Proven) => void): string {
    const statement = decodeProof(envelope);
    change(statement);
    const file = join(this.root, `forged-${this.number}.json`);
    const payload = Buffer.from(JSON.stringify(statement)).toString("base64");
    writeFileSync(file, JSON.stringify({ ...envelope, payload }));
    return file;
  }
}

/** What a proof says. */
export const decodeProof = ({ payload }: Envelope) => JSON.parse(Buffer.from(payload, "base64").toString()) as Proven;

/** What a proof says that the server has seen itself. */
export const observedOf = ({ predicate }: Proven) => predicate["observed"] ?? {};
