import { library } from '../../tools/build/tsup.ts';

export default library(['src/index.ts', 'src/browser.ts'], {
  // Nobody loads both: what they share is in each.
  splitting: false,
  // The CommonJS build gives the same as `require()` of the ECMAScript module does.
  footer: ({ format }) =>
    format === 'cjs' ? { js: 'module.exports = module.exports["module.exports"];' } : {},
});
