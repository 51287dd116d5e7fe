export { kernel } from '#kernels';
