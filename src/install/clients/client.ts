import { join } from "node:path";
import { pathExists } from "#base/paths.ts";
import type { Machine } from "./machine.ts";

/** MCP client that this program can be set up in. */
export interface McpClient {
  id: string;
  title: string;
  /** Returns the files with the servers for all of the user's projects: the first that exists is used, else the first. */
  userFiles: (machine: Machine) => readonly [string, ...string[]];
  /** Paths of the file with the servers of one project, relative to its folder, as for {@link userFiles}; undefined if there is none. */
  projectFiles?: readonly [string, ...string[]];
  format: FileFormat;
  /** Returns the files and folders of which the client creates at least one. */
  traces: (machine: Machine) => readonly string[];
  /** Names of the client's program in PATH. */
  programs?: readonly string[];
  /** Step that makes the client notice the change. */
  afterwards: string;
}

/** Format of the servers in a client's file. */
export interface FileFormat {
  language: "json" | "toml" | "yaml";
  /** Name of the object that contains the servers by name. */
  key: string;
  shape: EntryShape;
}

/** Fields of a server in a client's file. */
export interface EntryShape {
  command: string;
  /** Field of the arguments; undefined if the command is a list that contains them. */
  args: string | undefined;
  env: string;
  /** Field for the server's name, if the entry repeats it. */
  name?: string;
  /** Whether the client requires the arguments and the environment even if they are empty. */
  hasEmptyFields?: boolean;
  /** Fields that the client requires besides these. */
  more: Readonly<Record<string, unknown>>;
}

/** Command with which a client starts a server. */
export interface ServerEntry {
  command: string;
  args: string[];
  env: Record<string, string>;
}

/** Returns whether a client is installed on a machine: a file or folder of its exists, or its program is in PATH. */
export function isInstalled({ userFiles, traces, programs = [] }: McpClient, machine: Machine): boolean {
  const PATH = machine.environment["PATH"] ?? "";
  const paths = [...userFiles(machine), ...traces(machine)];
  return paths.some((path) => pathExists(path)) || programs.some((program) => Bun.which(program, { PATH }) !== null);
}

/**
 * Returns the file of a client that a change belongs in; undefined if it has none for projects.
 * @param project the project's folder; undefined for the user's own file
 */
export function clientFile(client: McpClient, machine: Machine, project: string | undefined): string | undefined {
  const files =
    project === undefined ? client.userFiles(machine) : client.projectFiles?.map((file) => join(project, file));
  return files?.find((file) => pathExists(file)) ?? files?.[0];
}
