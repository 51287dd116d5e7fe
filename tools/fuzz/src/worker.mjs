// The entry of the thread, in JavaScript: the thread does not inherit the TypeScript loader of the main thread.
import { register } from 'tsx/esm/api';

register();
await import('./worker.ts');
