/** Reads a Markdown document: its examples, its links, and the anchors that links can name. */

import GithubSlugger from 'github-slugger';
import type { Code, Nodes, Root } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { toString } from 'mdast-util-to-string';
import { visit } from 'unist-util-visit';

/** A code block that can run as a module. */
export interface Example {
  /** The heading above it, or ''. */
  heading: string;
  /** The line number of its first line of code in the document, from 1. */
  line: number;
  /** The extension that its file needs for Node: for an ES module, a CommonJS module or TypeScript. */
  extension: 'mjs' | 'cjs' | 'ts';
  code: string;
  /** Whether it is only shown, because its info string has `no-run`. */
  leftOut: boolean;
  /** Why it is not run: the text of the HTML comment before it, or ''. */
  reason: string;
}

/** A link or an image. */
export interface Link {
  url: string;
  /** The line of the document, from 1. */
  line: number;
}

/** The contents of a document. */
export interface Document {
  examples: Example[];
  links: Link[];
  /** The anchors of its headings, as GitHub generates them. */
  anchors: Set<string>;
}

/** The languages of the info string that are run. */
const EXTENSIONS = new Map<string, Example['extension']>([
  ['js', 'mjs'],
  ['mjs', 'mjs'],
  ['javascript', 'mjs'],
  ['cjs', 'cjs'],
  ['ts', 'ts'],
  ['typescript', 'ts'],
]);

/** Reads a document. */
export function parseDocument(markdown: string): Document {
  const root = fromMarkdown(markdown);
  return { examples: examplesOf(root), links: linksOf(root), anchors: anchorsOf(root) };
}

function examplesOf(root: Root): Example[] {
  const examples: Example[] = [];
  let heading = '';
  visit(root, (node, index, parent) => {
    if (node.type === 'heading') heading = toString(node);
    if (node.type !== 'code') return;
    const extension = EXTENSIONS.get((node.lang ?? '').toLowerCase());
    if (extension === undefined) return;
    const before = index === undefined ? undefined : parent?.children[index - 1];
    examples.push({
      heading,
      line: lineOf(node) + 1,
      extension,
      code: node.value,
      leftOut: isLeftOut(node),
      reason: commentText(before),
    });
  });
  return examples;
}

function isLeftOut({ meta }: Code): boolean {
  return (meta ?? '').split(/\s+/).includes('no-run');
}

function commentText(node: Nodes | undefined): string {
  if (node?.type !== 'html') return '';
  return /^<!--(.*)-->$/s.exec(node.value.trim())?.[1]?.trim() ?? '';
}

function linksOf(root: Root): Link[] {
  const links: Link[] = [];
  visit(root, ['link', 'image', 'definition'], (node) => {
    if ('url' in node) links.push({ url: node.url, line: lineOf(node) });
  });
  return links;
}

function anchorsOf(root: Root): Set<string> {
  const slugger = new GithubSlugger();
  const anchors = new Set<string>();
  visit(root, 'heading', (node) => void anchors.add(slugger.slug(toString(node))));
  return anchors;
}

function lineOf(node: Nodes): number {
  return node.position?.start.line ?? 0;
}
