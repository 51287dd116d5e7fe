// Compression with the client that Node has built in, which differs from line to line.
import { exchanges, runtime } from './exchange.ts';

exchanges('the client of Node', { compresses: false }, () =>
  runtime(process.execPath, '--experimental-websocket', '--no-warnings'),
);
