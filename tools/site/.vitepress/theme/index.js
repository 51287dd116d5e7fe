// The default theme of VitePress, with the colours and tables of this site, and a sidebar that shows the current page.
import theme from 'vitepress/theme';
import './style.css';

export default {
  extends: theme,
  enhanceApp({ router }) {
    if (import.meta.env.SSR) return;
    router.onAfterRouteChange = () => requestAnimationFrame(showCurrentPage);
  },
};

/** Scrolls the sidebar to the link of the current page, unless it shows that link already. */
function showCurrentPage() {
  const sidebar = document.querySelector('.VPSidebar');
  const links = [...(sidebar?.querySelectorAll('a') ?? [])];
  const link = links.find(({ pathname }) => pathname === location.pathname);
  if (!link) return;
  // When the application starts, it marks the link and opens its group some frames later.
  if (!link.closest('.is-active')) {
    requestAnimationFrame(showCurrentPage);
    return;
  }
  const { top, bottom } = link.getBoundingClientRect();
  const frame = sidebar.getBoundingClientRect();
  if (top < frame.top || bottom > frame.bottom) sidebar.scrollTop += top - frame.top - frame.height / 2;
}
