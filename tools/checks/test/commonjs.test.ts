// How the build converts a bundled module for `require()`, for `import` and for bundlers.
import { describe, expect, test } from 'vitest';
import {
  forBundlers,
  toCommonJs,
  withoutComments,
  withoutIndentation,
  wrapperOf,
} from '../../build/commonjs.ts';

describe('a CommonJS module', () => {
  test('reads what it imports once, before anything else', () => {
    const text = [
      'import { a, b as c } from "node:buffer";',
      'var d = a;',
      'import e from "node:http";',
      'import * as f from "./chunk-A.js";',
      'import "#kernels";',
      'export { d };',
    ].join('\n');
    expect(toCommonJs(text).split('\n').filter(Boolean)).toEqual([
      '"use strict";',
      'const { a, b: c } = require("node:buffer");',
      'const e = require("node:http");',
      'const f = require("./chunk-A.cjs");',
      'require("#kernels");',
      'var d = a;',
      'exports.d = d;',
    ]);
  });

  test('exports its own names, and names that it re-exports from another module', () => {
    expect(toCommonJs('var a = 1;\nexport { a, a as b };\nexport { c, d as e } from "x";')).toBe(
      [
        '"use strict";',
        'var a = 1;',
        'exports.a = a;',
        'exports.b = a;',
        'exports.c = require("x").c;',
        'exports.e = require("x").d;',
        '',
      ].join('\n'),
    );
  });

  test('is the export named "module.exports", if there is one', () => {
    expect(toCommonJs('class A {}\nexport { A, A as default, A as "module.exports" };')).toBe(
      '"use strict";\nclass A {}\nmodule.exports = A;\n',
    );
  });

  test('creates a require() for its own file', () => {
    expect(toCommonJs('createRequire(import.meta.url)("a");')).toContain('createRequire(__filename)("a");');
  });

  test.each([
    ['import a from "a";', 'tools disagree about the default export of a CommonJS module'],
    ['export * from "a";', 'the build does not know which names `export *` exports'],
    ['export * as a from "a";', 'the build does not know which names `export *` exports'],
    ['export const a = 1;', 'an export that is not in the list of exports'],
    ['export default 1;', 'an export that is not in the list of exports'],
    ['import.meta.dirname;', 'CommonJS has no import.meta'],
  ])('cannot be made from %s', (text, reason) => {
    expect(() => toCommonJs(text)).toThrow(reason);
  });
});

test('a wrapper re-exports every name, and the whole module if there is a default export', () => {
  expect(wrapperOf('./a.cjs', 'export { a, b as c };')).toBe(
    'import cjs from "./a.cjs";\nexport const { a, c } = cjs;\n',
  );
  expect(wrapperOf('./a.cjs', 'export { A, A as default, A as "module.exports" };')).toBe(
    'import cjs from "./a.cjs";\nexport const { A } = cjs;\nexport default cjs;\n',
  );
});

test('a module for bundlers does not export "module.exports", and creates a require() for the output file', () => {
  expect(
    forBundlers('createRequire(import.meta.url);\nexport {\n  A,\n  A as "module.exports",\n  B\n};\n'),
  ).toBe(
    'createRequire(typeof __filename === "string" ? __filename : import.meta.url);\nexport {\n  A,\n  B\n};\n',
  );
  expect(forBundlers('export { A as "module.exports" };')).toBe('export { };');
});

describe('the comments of a module', () => {
  test('are removed if they fill whole lines, and kept within lines, strings and templates', () => {
    const text = [
      '// src/a.ts',
      'var a = /* @__PURE__ */ Symbol("a"); // why',
      'var b = class {',
      '  /** What it is. */',
      '  #c = `',
      '// text',
      '`;',
      '  /**',
      '   * What it does.',
      '   */',
      '  d() {',
      '    // First.',
      '    return "/* text */" + /\\/\\*x\\*\\//.source; /* within */',
      '  }',
      '};',
      'export { a, b };',
      '',
    ];
    expect(withoutComments(text.join('\n')).split('\n')).toEqual([
      'var a = /* @__PURE__ */ Symbol("a"); // why',
      'var b = class {',
      '  #c = `',
      '// text',
      '`;',
      '  d() {',
      '    return "/* text */" + /\\/\\*x\\*\\//.source; /* within */',
      '  }',
      '};',
      'export { a, b };',
      '',
    ]);
  });
});

test('a module loses its indentation, except within a template literal', () => {
  const text = ['class A {', '  b = `', '  c ${() => {', '    d', '  }}', '  e`;', '  f = 1;', '}', ''];
  expect(withoutIndentation(text.join('\n')).split('\n')).toEqual([
    'class A {',
    'b = `',
    '  c ${() => {',
    '    d',
    '  }}',
    '  e`;',
    'f = 1;',
    '}',
    '',
  ]);
});
