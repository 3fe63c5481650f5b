export * from './index.js';
export { Darkroom as default } from './index.js';
