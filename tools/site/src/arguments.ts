/** The command line: its options and its help text. */

import { parseArgs } from 'node:util';

/** The options on the command line. */
export interface Arguments {
  /** The port to serve on. */
  port: number;
  /** The path of the home page, with a slash at both ends. */
  base: string;
  /** Whether to build without serving. */
  buildOnly: boolean;
  help: boolean;
}

export const HELP = `Usage: npm run docs -- [options]

Builds the documentation site and serves it on this machine.

  --port N      port to listen on; 0 picks a free one (default 8081)
  --base PATH   path of the home page, for a site below a folder such as /framewire/ (default /)
  --build-only  build into .cache/site/html, and exit
  --help        print this help
`;

/**
 * Reads the command line.
 *
 * @param list the words after the name of the script
 * @throws {TypeError} With a sentence for the user if an option is unknown or its value is invalid.
 */
export function readArguments(list: string[]): Arguments {
  const { values } = parseArgs({
    args: list,
    options: {
      port: { type: 'string', default: '8081' },
      base: { type: 'string', default: '/' },
      'build-only': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [port, base] = [readPort(values.port), readBase(values.base)];
  return { port, base, buildOnly: values['build-only'], help: values.help };
}

function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new TypeError(`--port must be a number from 0 to 65535, not "${text}".`);
  return port;
}

function readBase(text: string): string {
  if (/^\/([\w.-]+\/)*$/.test(text)) return text;
  throw new TypeError(`--base must be a path that starts and ends with a slash, not "${text}".`);
}
