// A process that uses CPU time in two threads on request: with system calls in the main thread, and with hashing in the thread pool.
import { pbkdf2 } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { serveDriver } from '../src/measured/control.mjs';

function work() {
  for (let i = 0; i < 20_000; i++) readFileSync('/proc/self/stat');
  return new Promise((resolve) => pbkdf2('', '', 200_000, 64, 'sha512', () => resolve(true)));
}

serveDriver({}, { work });
