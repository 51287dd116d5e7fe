/** The command line: its options and the help text. */

import { parseArgs } from 'node:util';

/** The options on the command line. */
export interface Arguments {
  port: number;
  host: string;
  /** Only the self-check. */
  check: boolean;
  help: boolean;
}

export const HELP = `Usage: npm start -- [options]

Runs a self-check of the WebSocket stack, then serves a page with live chat rooms and a meter of the connection.

  --port N   port to listen on; 0 picks a free one (default 8080)
  --host H   address to listen on (default 127.0.0.1)
  --check    run only the self-check; the exit code is 0 if every step passes, otherwise 1
  --help     print this help
`;

/**
 * Reads the command line.
 *
 * @param list The words after the script's name.
 * @throws {TypeError} With a sentence for the user, if an option is unknown or its value is invalid.
 */
export function readArguments(list: string[]): Arguments {
  const { values } = parseArgs({
    args: list,
    options: {
      port: { type: 'string', default: '8080' },
      host: { type: 'string', default: '127.0.0.1' },
      check: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.host === '') throw new TypeError('--host must not be empty.');
  return { ...values, port: readPort(values.port) };
}

function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new TypeError(`--port must be a number from 0 to 65535, not "${text}".`);
  return port;
}
