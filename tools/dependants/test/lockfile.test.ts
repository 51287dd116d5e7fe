import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { committedPlan, withPacked, withWs, withoutPacked } from '../src/lockfile.ts';

const packed = [
  {
    name: 'framewire',
    version: '1.2.3',
    integrity: 'sha512-a',
    dependencies: { '@framewire/codec': '^1.0.0' },
  },
];

describe('The lockfile', () => {
  test('has our packages as they were packed, with the umbrella under the name ws', () => {
    const { lockfile } = withPacked(committedPlan(), packed);
    expect(lockfile.packages['node_modules/ws']).toEqual({
      ...packed[0],
      resolved: 'file:tarballs/framewire.tgz',
    });
  });

  test('is committed without the parts that change with every build', () => {
    const { lockfile } = committedPlan();
    expect(withoutPacked(withPacked(committedPlan(), packed).lockfile)).toEqual(lockfile);
  });

  test('of the control has the real ws, and nothing of ours', () => {
    const { manifest, lockfile } = withWs(committedPlan(), '8.0.0');
    expect(manifest).toMatchObject({ dependencies: { ws: '8.0.0' }, overrides: { ws: '$ws' } });
    expect(lockfile.packages['node_modules/ws']).toEqual({ version: '8.0.0' });
    expect(JSON.stringify(lockfile)).not.toContain('file:');
  });

  test('has only dependants of ws that the README of the umbrella names', () => {
    const readme = readFileSync(
      new URL('../../../packages/framewire/README.md', import.meta.url),
      'utf8',
    ).split(/[\s,|]+/);
    const { manifest, lockfile } = committedPlan();
    const dependants = Object.keys(manifest.dependencies).filter((name) => {
      const { dependencies, optionalDependencies, peerDependencies } =
        lockfile.packages[`node_modules/${name}`] ?? {};
      return 'ws' in { ...dependencies, ...optionalDependencies, ...peerDependencies };
    });
    expect(dependants.length).toBeGreaterThan(40);
    // The server of y-websocket is installed under another name, next to the client.
    const named = dependants.filter((name) => name !== 'y-websocket-server');
    expect(named.filter((name) => !readme.includes(name))).toEqual([]);
  });

  test('pins every dependant to one version', () => {
    const { ws, ...others } = committedPlan().manifest.dependencies;
    expect(ws).toBe('file:tarballs/framewire.tgz');
    expect(Object.values(others).filter((range) => !/^(npm:[^@]+@)?\d+\.\d+\.\d+$/.test(range))).toEqual([]);
  });
});
