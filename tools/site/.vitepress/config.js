// VitePress looks for its configuration here.
export { default } from '../src/config.ts';
