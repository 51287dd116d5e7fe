/** Paths of local sockets. */

import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A new path to listen on: of a Unix socket, or of a named pipe on Windows, where Node has no Unix sockets.
 *
 * @param letters A part of the name. Default: none.
 */
export function socketPath(letters = ''): string {
  const name = `framewire${letters}-${randomBytes(6).toString('hex')}`;
  return process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`);
}
