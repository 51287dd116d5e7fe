// The default theme of VitePress, with the colours and tables of this site.
import theme from 'vitepress/theme';
import './style.css';

export default theme;
