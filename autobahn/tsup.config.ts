// The command as it is published: one file without dependencies, and beside it what the page of a report is made of.
import { copyFile } from 'node:fs/promises';
import { defineConfig } from 'tsup';

export default defineConfig({
  entry: ['src/cli.ts'],
  format: ['esm'],
  target: 'node20',
  removeNodeProtocol: false,
  clean: true,
  async onSuccess() {
    await Promise.all(['page.css', 'page.js'].map((name) => copyFile(`src/report/${name}`, `dist/${name}`)));
  },
});
