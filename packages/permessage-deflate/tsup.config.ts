import { library } from '../../tools/build/tsup.ts';

export default library([
  'src/index.ts',
  'src/negotiation-entry.ts',
  'src/kernels/node.ts',
  'src/kernels/portable.ts',
]);
