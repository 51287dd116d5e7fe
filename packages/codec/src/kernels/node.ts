export const kernel = 'node';
