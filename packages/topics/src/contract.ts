// The public surface of `@framewire/topics/contract`.
export { brokerContract, type BrokerHarness, type ContractCase } from './broker-contract/cases.ts';
