#!/usr/bin/env node
// Starts the command from its TypeScript source.
import { register } from 'tsx/esm/api';

register();
await import('../src/cli.ts');
