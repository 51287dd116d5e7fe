/** The parts of the system that some tests need, mostly programs: where they are, and what happens when one is missing. */

import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** A part that tests need. */
export interface Part {
  /** The name shown to people. */
  name: string;
  /** Names to look up on PATH, and absolute paths, in order of preference. */
  candidates: readonly string[];
  /** A file of a library that must be there too. */
  library?: string;
}

/** Whether a part is missing. */
export interface Requirement {
  /** Whether to skip the test. Always false under CI=true: there the test runs, and fails when it starts the part. */
  missing: boolean;
  /** What is missing, and where the search looked for it. Empty if the part is installed. */
  reason: string;
}

const PARTS = {
  // Windows has no signals that a program can handle, and no file modes.
  posix: { name: 'A POSIX system', candidates: ['/bin/sh'] },
  chromium: { name: 'Chromium', candidates: ['chromium', '/usr/bin/chromium'] },
  firefox: { name: 'Firefox', candidates: ['/usr/bin/firefox-esr', 'firefox-esr', 'firefox'] },
  nginx: { name: 'nginx', candidates: ['nginx', '/usr/sbin/nginx'] },
  haproxy: { name: 'HAProxy', candidates: ['haproxy', '/usr/sbin/haproxy'] },
  redis: { name: 'Redis', candidates: ['redis-server'] },
  nats: { name: 'NATS', candidates: ['nats-server', '/usr/sbin/nats-server'] },
  python: {
    name: 'websockets for Python',
    candidates: ['/usr/bin/python3'],
    library: '/usr/lib/python3/dist-packages/websockets/client.py',
  },
  go: {
    name: 'nhooyr.io/websocket for Go',
    candidates: ['go'],
    library: '/usr/share/gocode/src/nhooyr.io/websocket/dial.go',
  },
  java: {
    name: 'Tomcat for Java',
    candidates: ['javac'],
    library: '/usr/share/java/tomcat10-embed-websocket.jar',
  },
} as const satisfies Record<string, Part>;

/** The parts that tests may need. */
export type PartName = keyof typeof PARTS;

/** The environment: `PATH` says where to look, and `CI` whether tests without their part are skipped. */
type Environment = Readonly<Record<string, string | undefined>>;

/** The reasons that were already printed. Each is printed once. */
const printed = new Set<string>();

/**
 * Looks for a part that a test needs, as in `describe.skipIf(requirement('chromium').missing)`.
 *
 * Prints the name of a missing part to stderr, once per process.
 */
export function requirement(name: PartName): Requirement {
  return requirementOf(PARTS[name], process.env, (line) => void process.stderr.write(line));
}

/**
 * The path of a part's program.
 *
 * @throws {Error} If it is missing, with its name and the places that were searched.
 */
export function executable(name: PartName): string {
  return executableOf(PARTS[name], process.env);
}

/** {@link requirement} for any part, environment and output. */
export function requirementOf(
  part: Part,
  environment: Environment,
  print: (line: string) => void,
): Requirement {
  if (find(part, environment) !== undefined) return { missing: false, reason: '' };
  const reason = whatIsMissing(part);
  const skip = environment['CI'] !== 'true';
  if (skip && !printed.has(reason)) {
    printed.add(reason);
    print(`Skipping tests: ${reason}\n`);
  }
  return { missing: skip, reason };
}

/** {@link executable} for any part and environment. */
export function executableOf(part: Part, environment: Environment): string {
  const path = find(part, environment);
  if (path === undefined) throw new Error(whatIsMissing(part));
  return path;
}

function whatIsMissing({ name, candidates, library }: Part): string {
  const also = library === undefined ? '' : `, and for ${library}`;
  return `${name} is missing (looked on PATH for ${candidates.join(', ')}${also})`;
}

function find({ candidates, library }: Part, environment: Environment): string | undefined {
  if (library !== undefined && !existsSync(library)) return undefined;
  const folders = (environment['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return candidates
    .flatMap((candidate) =>
      isAbsolute(candidate) ? [candidate] : folders.map((folder) => join(folder, candidate)),
    )
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
