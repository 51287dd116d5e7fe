export const kernel = 'portable';
