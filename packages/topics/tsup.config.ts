import { library } from '../../tools/build/tsup.ts';

export default library(['src/index.ts', 'src/processes.ts', 'src/contract.ts', 'src/engine.ts']);
