#!/usr/bin/env node
// Starts the built command.
import '../dist/cli.js';
