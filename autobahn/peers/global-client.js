// An engine's built-in WebSocket as an echo client.
import { echoAll } from './echo-all.js';

await echoAll(globalThis.WebSocket, globalThis.Deno?.args ?? process.argv.slice(2));
