import { parseTarget } from '@framewire/handshake';
import { describe, expect, test } from 'vitest';

describe('a request target', () => {
  test.each([
    ['/', '/', '', undefined],
    ['/chat?room=1', '/chat', '?room=1', undefined],
    ['/chat?', '/chat', '?', undefined],
    ['/a?b?c', '/a', '?b?c', undefined],
    ['//example.com/chat', '//example.com/chat', '', undefined],
    ['/http://example.com/', '/http://example.com/', '', undefined],
    ['http://example.com/chat?room=1', '/chat', '?room=1', 'example.com'],
    ['HTTPS://example.com:8080/', '/', '', 'example.com:8080'],
    ['ws://[::1]:8080/a', '/a', '', '[::1]:8080'],
    ['wss://user:p@ss@example.com/a', '/a', '', 'example.com'],
    ['http://example.com', '/', '', 'example.com'],
    ['http://example.com?a=/b', '/', '?a=/b', 'example.com'],
    ['http:///a', '/a', '', ''],
    ['ftp://example.com/a?b', 'ftp://example.com/a', '?b', undefined],
    ['example.com:443', 'example.com:443', '', undefined],
    ['*', '*', '', undefined],
    ['', '', '', undefined],
  ])('%s is path %j, query %j and authority %j', (target, path, query, authority) => {
    expect(parseTarget(target)).toEqual({ path, query, authority });
  });
});
