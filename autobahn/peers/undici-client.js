// undici's WebSocket as an echo client.
import { WebSocket } from 'undici';
import { echoAll } from './echo-all.js';

await echoAll(WebSocket, process.argv.slice(2));
