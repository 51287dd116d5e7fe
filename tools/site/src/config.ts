/** The configuration of VitePress. */

import GithubSlugger from 'github-slugger';
import { bundledLanguages } from 'shiki';
import { defineConfig, type DefaultTheme, type MarkdownOptions, type MarkdownRenderer } from 'vitepress';
import { HOME, linkOf, readContents, type Entry, type Group } from './contents.ts';
import { THEME } from './highlight.ts';
import { PAGES, ROOT, SITE } from './paths.ts';
import { repositoryAddress } from './repository.ts';
import { titleOf } from './title.ts';

const repository = repositoryAddress();

/** The languages of the examples. */
const LANGUAGES = ['js', 'ts', 'sh', 'json', 'yaml', 'html', 'nginx', 'docker', 'diff'] as const;

const markdown: MarkdownOptions = {
  // The anchors are those of GitHub, so that a link works in both places. VitePress numbers repeated headings as GitHub does.
  anchor: { slugify: (heading) => new GithubSlugger().slug(heading) },
  theme: THEME,
  // VitePress loads these languages at the start. A worker would load any other language.
  languages: LANGUAGES.map((name) => bundledLanguages[name]),
  languageAlias: { cjs: 'js', mjs: 'js' },
  config: showBraces,
};

/** Escapes `{{`, because Vue would evaluate the text after it. */
function showBraces(md: MarkdownRenderer): void {
  const { text } = md.renderer.rules;
  md.renderer.rules.text = (...args) => (text?.(...args) ?? '').replaceAll('{{', '&#123;&#123;');
}

const search: DefaultTheme.LocalSearchOptions = {
  /** Renders a page for the search index, which needs no colours. */
  _render(source, env, md) {
    const { highlight } = md.options;
    md.options.highlight = null;
    try {
      return md.render(source, env);
    } finally {
      md.options.highlight = highlight ?? null;
    }
  },
};

/** A group cannot be closed, because for a group without a page, VitePress would nest one button in another. */
function sidebarItem(each: Entry | Group): DefaultTheme.SidebarItem {
  if ('group' in each) return { text: each.group, items: each.pages.map(sidebarItem) };
  const { page, title, pages } = each;
  const item = { text: title ?? titleOf(page), link: linkOf(page) };
  return pages === undefined ? item : { ...item, collapsed: true, items: pages.map(sidebarItem) };
}

export default defineConfig({
  title: 'Framewire',
  description: 'A WebSocket stack for Node.js, in layers',
  lang: 'en',
  srcDir: PAGES,
  outDir: SITE,
  cacheDir: `${ROOT}.cache/site/vitepress`,
  cleanUrls: true,
  metaChunk: true,
  markdown,
  vite: { logLevel: 'warn', build: { reportCompressedSize: false } },
  themeConfig: {
    sidebar: [
      { text: 'Home', link: linkOf(HOME) },
      ...readContents()
        .filter(({ pages }) => pages.length > 0)
        .map(({ section, pages }) => ({ text: section, items: pages.map(sidebarItem) })),
    ],
    outline: [2, 3],
    search: { provider: 'local', options: search },
    nav: [{ text: 'Repository', link: repository }],
    editLink: {
      text: 'Edit this page',
      // VitePress runs the text of this function in the browser.
      pattern: ({ frontmatter }) => String(frontmatter['editLink']),
    },
  },
});
