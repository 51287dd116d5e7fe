import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { implementationsUsed } from '../src/evidence.ts';
import { copiesOfWs } from '../src/tree.ts';

describe('A real ws', () => {
  test('is found by the manifest of a package, at any depth and under any name', () => {
    const folder = mkdtempSync(join(tmpdir(), 'framewire-tree-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const put = (path: string, manifest: object): void => {
      mkdirSync(join(folder, 'node_modules', path), { recursive: true });
      writeFileSync(join(folder, 'node_modules', path, 'package.json'), JSON.stringify(manifest));
    };
    put('ws', { name: 'framewire', version: '1.0.0' });
    put('@a/b', { name: '@a/b', version: '2.0.0' });
    put('@a/b/node_modules/ws', { name: 'ws', version: '7.0.0' });
    put('sockets', { name: 'ws', version: '8.0.0' });
    expect(copiesOfWs(folder).sort()).toEqual(['framewire@1.0.0', 'ws@7.0.0', 'ws@8.0.0']);
  });

  test('is found by calls of its functions, even if it is bundled into another package', () => {
    const ours = 'file:///x/node_modules/@framewire/connection/dist/index.js';
    const theirs = 'file:///x/node_modules/other/vendor/ws/lib/websocket.js';
    const calls = new Set(['WebSocketConnection', 'WebSocket', 'send']);
    expect(implementationsUsed(new Map([[ours, calls]]))).toEqual(['framewire']);
    expect(implementationsUsed(new Map([[theirs, calls]]))).toEqual(['ws']);
    expect(implementationsUsed(new Map([[ours, new Set<string>()]]))).toEqual([]);
  });
});
