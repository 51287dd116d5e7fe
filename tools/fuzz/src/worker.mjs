// The door of the thread: the loader of TypeScript that the main thread has is not there yet.
import { register } from 'tsx/esm/api';

register();
await import('./worker.ts');
