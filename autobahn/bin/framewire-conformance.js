#!/usr/bin/env node
// Starts the command as it was built.
import '../dist/cli.js';
