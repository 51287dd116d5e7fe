// Builds the published command: one file without dependencies, and the style and script of the report page.
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
