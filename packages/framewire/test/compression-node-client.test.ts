// Compression with Node's built-in client, which differs between Node lines.
import { exchanges, runtime } from './exchange.ts';

exchanges('the client of Node', { compresses: false }, () =>
  runtime(process.execPath, '--experimental-websocket', '--no-warnings'),
);
