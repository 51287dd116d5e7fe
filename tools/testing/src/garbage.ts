// The garbage collector, for tests of what stays in memory.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');

/** Collects all unreachable objects. */
export const collectGarbage = runInNewContext('gc') as () => void;
