// The class that `require('framewire')` gives: the client, with everything else as its statics.
export { WebSocket } from '@framewire/client';
