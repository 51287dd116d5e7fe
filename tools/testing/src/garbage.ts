// The engine's own garbage collector, for tests of what is held.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');

/** Collects all that nothing holds. */
export const collectGarbage = runInNewContext('gc') as () => void;
