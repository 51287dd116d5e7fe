/** The bundlers, each with the output formats for Node programs. */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bunBinary } from '@framewire/testing';
import commonjsModule from '@rollup/plugin-commonjs';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import * as esbuild from 'esbuild';
import { rolldown } from 'rolldown';
import { rollup } from 'rollup';
import * as vite from 'vite';
import webpack from 'webpack';

// TypeScript reads its only declaration file as one for CommonJS.
const commonjs = commonjsModule as unknown as typeof commonjsModule.default;

/** Bundles a program. Resolves with the bundler's warnings. */
type Bundle = (input: string, output: string) => Promise<string[]>;

/** The bundlers, by a name that ends with the extension of the output. */
export const BUNDLERS: Readonly<Record<string, Bundle>> = {
  'esbuild.mjs': (input, output) => byEsbuild(input, output, 'esm'),
  'esbuild.cjs': (input, output) => byEsbuild(input, output, 'cjs'),
  'rollup.mjs': (input, output) => byRollup(input, output, 'es'),
  'rollup.cjs': (input, output) => byRollup(input, output, 'cjs'),
  'rolldown.mjs': (input, output) => byRolldown(input, output, 'es'),
  'rolldown.cjs': (input, output) => byRolldown(input, output, 'cjs'),
  'webpack-development.cjs': (input, output) => byWebpack(input, output, 'development'),
  'webpack-production.cjs': (input, output) => byWebpack(input, output, 'production'),
  'webpack-production.mjs': (input, output) => byWebpack(input, output, 'production', true),
  'vite-ssr.mjs': (input, output) => byVite(input, output, []),
  'vite-ssr-part-inlined.mjs': (input, output) => byVite(input, output, ['imports-it']),
  'vite-ssr-all-inlined.mjs': (input, output) => byVite(input, output, true),
  'bun.mjs': (input, output) => byBun(input, output, 'esm'),
  'bun.cjs': (input, output) => byBun(input, output, 'cjs'),
};

async function byEsbuild(input: string, output: string, format: 'esm' | 'cjs'): Promise<string[]> {
  const { warnings } = await esbuild.build({
    entryPoints: [input],
    outfile: output,
    bundle: true,
    platform: 'node',
    format,
    logLevel: 'silent',
  });
  return warnings.map(({ text }) => text);
}

async function byRollup(input: string, output: string, format: 'es' | 'cjs'): Promise<string[]> {
  const warnings: string[] = [];
  const bundle = await rollup({
    input,
    plugins: [nodeResolve({ exportConditions: ['node'], preferBuiltins: true }), commonjs()],
    onwarn: ({ message }) => warnings.push(message),
  });
  await bundle.write({ file: output, format });
  return warnings;
}

async function byRolldown(input: string, output: string, format: 'es' | 'cjs'): Promise<string[]> {
  const warnings: string[] = [];
  const bundle = await rolldown({
    input,
    platform: 'node',
    onLog: (_level, { message }) => warnings.push(message),
  });
  await bundle.write({ file: output, format });
  return warnings;
}

function byWebpack(
  input: string,
  output: string,
  mode: 'development' | 'production',
  outputModule = false,
): Promise<string[]> {
  const [path, filename] = [join(output, '..'), output.slice(join(output, '..').length + 1)];
  return new Promise((resolve, reject) => {
    webpack(
      {
        mode,
        target: 'node',
        context: path,
        entry: input,
        experiments: { outputModule },
        output: { path, filename, ...(outputModule ? { module: true, chunkFormat: 'module' } : {}) },
      },
      (error, stats) => {
        if (error) reject(error);
        else {
          const { errors = [], warnings = [] } =
            stats?.toJson({ all: false, errors: true, warnings: true }) ?? {};
          resolve([...errors, ...warnings].map(({ message }) => message));
        }
      },
    );
  });
}

/** Vite's build for a server, with `ws` as an alias for framewire. */
async function byVite(input: string, output: string, noExternal: true | string[]): Promise<string[]> {
  const folder = join(output, '..');
  await vite.build({
    root: folder,
    configFile: false,
    logLevel: 'silent',
    resolve: { alias: { ws: 'framewire' } },
    ssr: { noExternal },
    build: {
      ssr: input,
      outDir: folder,
      emptyOutDir: false,
      rolldownOptions: { output: { entryFileNames: output.slice(folder.length + 1) } },
    },
  });
  return [];
}

async function byBun(input: string, output: string, format: 'esm' | 'cjs'): Promise<string[]> {
  const args = ['build', input, '--target=node', `--format=${format}`, `--outfile=${output}`];
  await promisify(execFile)(bunBinary(), args);
  return [];
}
